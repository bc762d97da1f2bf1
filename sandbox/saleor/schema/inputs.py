"""Input types of the contract. Fields this stand-in would ignore are left out, so that using one is refused."""

from sandbox.saleor.schema import (
    enums,  # noqa: F401 - inputs name enums, which must be declared first
    scalars,  # noqa: F401 - and scalars
)
from sandbox.saleor.sdl import input_type

input_type(
    "AccountInput",
    """
    firstName: String lastName: String languageCode: LanguageCodeEnum
    defaultBillingAddress: AddressInput defaultShippingAddress: AddressInput
    metadata: [MetadataInput!]
    """,
)
input_type(
    "AccountRegisterInput",
    """
    firstName: String lastName: String languageCode: LanguageCodeEnum email: String!
    password: String! redirectUrl: String metadata: [MetadataInput!] channel: String
    """,
)
input_type(
    "AddressInput",
    """
    firstName: String lastName: String companyName: String streetAddress1: String
    streetAddress2: String city: String cityArea: String postalCode: String country: CountryCode
    countryArea: String phone: String metadata: [MetadataInput!] skipValidation: Boolean = false
    """,
)
input_type("AppFilterInput", "search: String isActive: Boolean type: AppTypeEnum")
input_type(
    "AppInstallInput",
    """
    appName: String! manifestUrl: String! activateAfterInstallation: Boolean = true
    permissions: [PermissionEnum!]
    """,
)
input_type(
    "AppProblemCreateInput",
    """
    message: String! key: String! criticalThreshold: PositiveInt aggregationPeriod: Minute = 60
    """,
)
input_type(
    "AttributeCreateInput",
    """
    inputType: AttributeInputTypeEnum entityType: AttributeEntityTypeEnum name: String! slug: String
    type: AttributeTypeEnum! unit: MeasurementUnitsEnum values: [AttributeValueCreateInput!]
    valueRequired: Boolean isVariantOnly: Boolean visibleInStorefront: Boolean
    externalReference: String
    """,
)
input_type("AttributeValueCreateInput", "value: String externalReference: String name: String!")
input_type(
    "AttributeValueInput",
    """
    id: ID externalReference: String values: [String!] dropdown: AttributeValueSelectableTypeInput
    swatch: AttributeValueSelectableTypeInput multiselect: [AttributeValueSelectableTypeInput!]
    numeric: String richText: JSONString plainText: String boolean: Boolean date: Date
    dateTime: DateTime
    """,
)
input_type("AttributeValueSelectableTypeInput", "id: ID externalReference: String value: String")
input_type(
    "BulkAttributeValueInput",
    """
    id: ID externalReference: String values: [String!] dropdown: AttributeValueSelectableTypeInput
    swatch: AttributeValueSelectableTypeInput multiselect: [AttributeValueSelectableTypeInput!]
    numeric: String richText: JSONString plainText: String boolean: Boolean date: Date
    dateTime: DateTime
    """,
)
input_type(
    "CardPaymentMethodDetailsInput",
    """
    name: String! brand: String firstDigits: String lastDigits: String expMonth: Int expYear: Int
    """,
)
input_type("CategoryFilterInput", "search: String metadata: [MetadataFilter!] ids: [ID!] slugs: [String!]")
input_type(
    "CategoryInput",
    """
    description: JSONString name: String slug: String seo: SeoInput backgroundImage: Upload
    backgroundImageAlt: String metadata: [MetadataInput!] privateMetadata: [MetadataInput!]
    """,
)
input_type("CategoryWhereInput", "ids: [ID!] AND: [CategoryWhereInput!] OR: [CategoryWhereInput!]")
input_type(
    "ChannelCreateInput",
    """
    isActive: Boolean stockSettings: StockSettingsInput addShippingZones: [ID!] addWarehouses: [ID!]
    orderSettings: OrderSettingsInput metadata: [MetadataInput!] privateMetadata: [MetadataInput!]
    checkoutSettings: CheckoutSettingsInput paymentSettings: PaymentSettingsInput name: String!
    slug: String! currencyCode: String! defaultCountry: CountryCode!
    """,
)
input_type(
    "ChannelUpdateInput",
    """
    isActive: Boolean stockSettings: StockSettingsInput addShippingZones: [ID!] addWarehouses: [ID!]
    orderSettings: OrderSettingsInput metadata: [MetadataInput!] privateMetadata: [MetadataInput!]
    checkoutSettings: CheckoutSettingsInput paymentSettings: PaymentSettingsInput name: String
    slug: String defaultCountry: CountryCode removeShippingZones: [ID!] removeWarehouses: [ID!]
    """,
)
input_type(
    "CheckoutAddressValidationRules",
    """
    checkRequiredFields: Boolean = true checkFieldsFormat: Boolean = true
    enableFieldsNormalization: Boolean = true
    """,
)
input_type("CheckoutAutoCompleteInput", "enabled: Boolean! delay: Minute cutOffDate: DateTime")
input_type(
    "CheckoutCreateInput",
    """
    channel: String lines: [CheckoutLineInput!]! email: String saveShippingAddress: Boolean
    shippingAddress: AddressInput saveBillingAddress: Boolean billingAddress: AddressInput
    languageCode: LanguageCodeEnum validationRules: CheckoutValidationRules metadata: [MetadataInput!]
    privateMetadata: [MetadataInput!]
    """,
)
input_type(
    "CheckoutLineInput",
    """
    quantity: Int! variantId: ID! price: PositiveDecimal priceOverrideReason: String
    forceNewLine: Boolean = false metadata: [MetadataInput!]
    """,
)
input_type(
    "CheckoutLineUpdateInput",
    """
    variantId: ID quantity: Int price: PositiveDecimal priceOverrideReason: String lineId: ID
    metadata: [MetadataInput!]
    """,
)
input_type(
    "CheckoutSettingsInput",
    """
    automaticallyCompleteFullyPaidCheckouts: Boolean automaticCompletion: CheckoutAutoCompleteInput
    """,
)
input_type(
    "CheckoutValidationRules",
    """
    shippingAddress: CheckoutAddressValidationRules billingAddress: CheckoutAddressValidationRules
    """,
)
input_type(
    "CollectionCreateInput",
    """
    name: String slug: String description: JSONString seo: SeoInput metadata: [MetadataInput!]
    privateMetadata: [MetadataInput!] products: [ID!]
    """,
)
input_type("CountryRateInput", "countryCode: CountryCode! rate: Float!")
input_type(
    "CustomerOrderWhereInput",
    """
    metadata: MetadataFilterInput ids: [ID!] number: IntFilterInput channelId: GlobalIDFilterInput
    createdAt: DateTimeRangeInput updatedAt: DateTimeRangeInput
    authorizeStatus: OrderAuthorizeStatusEnumFilterInput chargeStatus: OrderChargeStatusEnumFilterInput
    status: OrderStatusEnumFilterInput checkoutToken: UUIDFilterInput checkoutId: GlobalIDFilterInput
    AND: [CustomerOrderWhereInput!] OR: [CustomerOrderWhereInput!]
    """,
)
input_type("DateRangeInput", "gte: Date lte: Date")
input_type("DateTimeFilterInput", "eq: DateTime oneOf: [DateTime!] range: DateTimeRangeInput")
input_type("DateTimeRangeInput", "gte: DateTime lte: DateTime")
input_type("EventDeliveryFilterInput", "status: EventDeliveryStatusEnum eventType: WebhookEventTypeEnum")
input_type("FulfillmentCancelInput", "warehouseId: ID")
input_type("FulfillmentUpdateTrackingInput", "trackingNumber: String notifyCustomer: Boolean = false")
input_type("GiftCardPaymentMethodDetailsInput", "name: String! brand: String lastChars: String")
input_type("GlobalIDFilterInput", "eq: ID oneOf: [ID!]")
input_type("IntFilterInput", "eq: Int oneOf: [Int!]")
input_type("MetadataFilter", "key: String! value: String")
input_type("MetadataFilterInput", "key: String! value: MetadataValueFilterInput")
input_type("MetadataInput", "key: String! value: String!")
input_type("MetadataValueFilterInput", "eq: String oneOf: [String!]")
input_type("NameTranslationInput", "name: String")
input_type(
    "OrderAuthorizeStatusEnumFilterInput",
    """
    eq: OrderAuthorizeStatusEnum oneOf: [OrderAuthorizeStatusEnum!]
    """,
)
input_type("OrderChargeStatusEnumFilterInput", "eq: OrderChargeStatusEnum oneOf: [OrderChargeStatusEnum!]")
input_type(
    "OrderFilterInput",
    """
    status: [OrderStatusFilter!] customer: String created: DateRangeInput search: String
    metadata: [MetadataFilter!] channels: [ID!] authorizeStatus: [OrderAuthorizeStatusEnum!]
    chargeStatus: [OrderChargeStatusEnum!] updatedAt: DateTimeRangeInput ids: [ID!]
    checkoutTokens: [UUID!] numbers: [String!] checkoutIds: [ID!]
    """,
)
input_type(
    "OrderFulfillInput",
    """
    lines: [OrderFulfillLineInput!]! notifyCustomer: Boolean allowStockToBeExceeded: Boolean = false
    trackingNumber: String
    """,
)
input_type("OrderFulfillLineInput", "orderLineId: ID stocks: [OrderFulfillStockInput!]!")
input_type("OrderFulfillStockInput", "quantity: Int! warehouse: ID!")
input_type(
    "OrderGrantRefundCreateInput",
    """
    amount: Decimal reason: String lines: [OrderGrantRefundCreateLineInput!]
    grantRefundForShipping: Boolean transactionId: ID!
    """,
)
input_type("OrderGrantRefundCreateLineInput", "id: ID! quantity: Int! reason: String")
input_type("OrderNoteInput", "message: String!")
input_type(
    "OrderSettingsInput",
    """
    automaticallyConfirmAllNewOrders: Boolean automaticallyFulfillNonShippableGiftCard: Boolean
    expireOrdersAfter: Minute deleteExpiredOrdersAfter: Day markAsPaidStrategy: MarkAsPaidStrategyEnum
    allowUnpaidOrders: Boolean includeDraftOrderInVoucherUsage: Boolean
    """,
)
input_type("OrderSortingInput", "direction: OrderDirection! field: OrderSortField!")
input_type("OrderStatusEnumFilterInput", "eq: OrderStatus oneOf: [OrderStatus!]")
input_type(
    "OrderWhereInput",
    """
    metadata: MetadataFilterInput ids: [ID!] number: IntFilterInput channelId: GlobalIDFilterInput
    createdAt: DateTimeRangeInput updatedAt: DateTimeRangeInput user: GlobalIDFilterInput
    userEmail: StringFilterInput authorizeStatus: OrderAuthorizeStatusEnumFilterInput
    chargeStatus: OrderChargeStatusEnumFilterInput status: OrderStatusEnumFilterInput
    checkoutToken: UUIDFilterInput checkoutId: GlobalIDFilterInput AND: [OrderWhereInput!]
    OR: [OrderWhereInput!]
    """,
)
input_type("OtherPaymentMethodDetailsInput", "name: String!")
input_type("PaymentGatewayToInitialize", "id: String! data: JSON")
input_type(
    "PaymentMethodDetailsInput",
    """
    card: CardPaymentMethodDetailsInput other: OtherPaymentMethodDetailsInput
    giftCard: GiftCardPaymentMethodDetailsInput
    """,
)
input_type(
    "PaymentSettingsInput",
    """
    defaultTransactionFlowStrategy: TransactionFlowStrategyEnum
    releaseFundsForExpiredCheckouts: Boolean
    """,
)
input_type("ProductAttributeAssignInput", "id: ID! type: ProductAttributeType! variantSelection: Boolean")
input_type(
    "ProductChannelListingAddInput",
    """
    channelId: ID! isPublished: Boolean publishedAt: DateTime visibleInListings: Boolean
    isAvailableForPurchase: Boolean availableForPurchaseAt: DateTime addVariants: [ID!]
    removeVariants: [ID!]
    """,
)
input_type(
    "ProductChannelListingUpdateInput",
    """
    updateChannels: [ProductChannelListingAddInput!] removeChannels: [ID!]
    """,
)
input_type(
    "ProductCreateInput",
    """
    attributes: [AttributeValueInput!] category: ID collections: [ID!] description: JSONString
    name: String slug: String taxClass: ID seo: SeoInput weight: WeightScalar rating: Float
    metadata: [MetadataInput!] privateMetadata: [MetadataInput!] externalReference: String
    productType: ID!
    """,
)
input_type(
    "ProductFilterInput",
    """
    isPublished: Boolean collections: [ID!] categories: [ID!] stockAvailability: StockAvailability
    search: String metadata: [MetadataFilter!] updatedAt: DateTimeRangeInput productTypes: [ID!]
    ids: [ID!] slugs: [String!]
    """,
)
input_type(
    "ProductInput",
    """
    attributes: [AttributeValueInput!] category: ID collections: [ID!] description: JSONString
    name: String slug: String taxClass: ID seo: SeoInput weight: WeightScalar rating: Float
    metadata: [MetadataInput!] privateMetadata: [MetadataInput!] externalReference: String
    """,
)
input_type("ProductMediaCreateInput", "alt: String image: Upload product: ID! mediaUrl: String")
input_type("ProductOrder", "direction: OrderDirection! field: ProductOrderField")
input_type("ProductTypeFilterInput", "search: String kind: ProductTypeKindEnum ids: [ID!] slugs: [String!]")
input_type(
    "ProductTypeInput",
    """
    name: String slug: String kind: ProductTypeKindEnum productAttributes: [ID!]
    variantAttributes: [ID!] isShippingRequired: Boolean isDigital: Boolean weight: WeightScalar
    taxClass: ID
    """,
)
input_type(
    "ProductVariantBulkCreateInput",
    """
    attributes: [BulkAttributeValueInput!]! sku: String name: String trackInventory: Boolean
    weight: WeightScalar quantityLimitPerCustomer: Int metadata: [MetadataInput!]
    privateMetadata: [MetadataInput!] externalReference: String stocks: [StockInput!]
    channelListings: [ProductVariantChannelListingAddInput!]
    """,
)
input_type(
    "ProductVariantChannelListingAddInput",
    """
    channelId: ID! price: PositiveDecimal! costPrice: PositiveDecimal
    """,
)
input_type(
    "ProductVariantCreateInput",
    """
    attributes: [AttributeValueInput!]! sku: String name: String trackInventory: Boolean
    weight: WeightScalar quantityLimitPerCustomer: Int metadata: [MetadataInput!]
    privateMetadata: [MetadataInput!] externalReference: String product: ID! stocks: [StockInput!]
    """,
)
input_type(
    "ProductVariantInput",
    """
    attributes: [AttributeValueInput!] sku: String name: String trackInventory: Boolean
    weight: WeightScalar quantityLimitPerCustomer: Int metadata: [MetadataInput!]
    privateMetadata: [MetadataInput!] externalReference: String
    """,
)
input_type(
    "ProductWhereInput",
    """
    metadata: [MetadataFilter!] ids: [ID!] name: StringFilterInput slug: StringFilterInput
    productType: GlobalIDFilterInput category: GlobalIDFilterInput collection: GlobalIDFilterInput
    isPublished: Boolean stockAvailability: StockAvailability updatedAt: DateTimeFilterInput
    AND: [ProductWhereInput!] OR: [ProductWhereInput!]
    """,
)
input_type("SeoInput", "title: String description: String")
input_type("ShippingMethodChannelListingAddInput", "channelId: ID! price: PositiveDecimal")
input_type(
    "ShippingMethodChannelListingInput",
    """
    addChannels: [ShippingMethodChannelListingAddInput!] removeChannels: [ID!]
    """,
)
input_type(
    "ShippingPriceInput",
    """
    name: String description: JSONString maximumDeliveryDays: Int minimumDeliveryDays: Int
    type: ShippingMethodTypeEnum shippingZone: ID taxClass: ID
    """,
)
input_type(
    "ShippingZoneCreateInput",
    """
    name: String description: String countries: [String!] default: Boolean addWarehouses: [ID!]
    addChannels: [ID!]
    """,
)
input_type(
    "ShopSettingsInput",
    """
    name: String headerText: String description: String trackInventoryByDefault: Boolean
    defaultWeightUnit: WeightUnitsEnum fulfillmentAutoApprove: Boolean fulfillmentAllowUnpaid: Boolean
    defaultMailSenderName: String defaultMailSenderAddress: String customerSetPasswordUrl: String
    reserveStockDurationAnonymousUser: Int reserveStockDurationAuthenticatedUser: Int
    limitQuantityPerCheckout: Int enableAccountConfirmationByEmail: Boolean
    allowLoginWithoutConfirmation: Boolean allowStorefrontTraffic: Boolean metadata: [MetadataInput!]
    privateMetadata: [MetadataInput!] preserveAllAddressFields: Boolean
    useLegacyShippingZoneStockAvailability: Boolean useLegacyUpdateWebhookEmission: Boolean
    """,
)
input_type(
    "StockBulkUpdateInput",
    """
    variantId: ID variantExternalReference: String warehouseId: ID warehouseExternalReference: String
    quantity: Int!
    """,
)
input_type("StockInput", "warehouse: ID! quantity: Int!")
input_type("StockSettingsInput", "allocationStrategy: AllocationStrategyEnum!")
input_type("StringFilterInput", "eq: String oneOf: [String!]")
input_type("TaxClassCreateInput", "name: String! createCountryRates: [CountryRateInput!]")
input_type("TaxConfigurationFilterInput", "ids: [ID!]")
input_type(
    "TaxConfigurationPerCountryInput",
    """
    countryCode: CountryCode! chargeTaxes: Boolean! taxCalculationStrategy: TaxCalculationStrategy
    displayGrossPrices: Boolean! taxAppId: String useWeightedTaxForShipping: Boolean
    """,
)
input_type(
    "TaxConfigurationUpdateInput",
    """
    chargeTaxes: Boolean taxCalculationStrategy: TaxCalculationStrategy displayGrossPrices: Boolean
    pricesEnteredWithTax: Boolean updateCountriesConfiguration: [TaxConfigurationPerCountryInput!]
    removeCountriesConfiguration: [CountryCode!] useWeightedTaxForShipping: Boolean taxAppId: String
    """,
)
input_type(
    "TransactionEventFilterInput", "createdAt: DateTimeRangeInput type: TransactionEventTypeEnumFilterInput"
)
input_type(
    "TransactionEventTypeEnumFilterInput",
    "eq: TransactionEventTypeEnum oneOf: [TransactionEventTypeEnum!]",
)
input_type("TransactionSortingInput", "direction: OrderDirection! field: TransactionSortField!")
input_type(
    "TransactionWhereInput",
    """
    ids: [ID!] pspReference: StringFilterInput appIdentifier: StringFilterInput createdAt: DateTimeRangeInput
    modifiedAt: DateTimeRangeInput events: [TransactionEventFilterInput!] AND: [TransactionWhereInput!]
    OR: [TransactionWhereInput!]
    """,
)
input_type(
    "TranslationInput",
    """
    slug: String seoTitle: String seoDescription: String name: String description: JSONString
    """,
)
input_type("UUIDFilterInput", "eq: UUID oneOf: [UUID!]")
input_type(
    "WarehouseCreateInput",
    """
    slug: String email: String externalReference: String name: String! address: AddressInput!
    """,
)
input_type("WarehouseFilterInput", "search: String ids: [ID!] channels: [ID!] slugs: [String!]")
input_type(
    "WebhookCreateInput",
    """
    name: String identifier: String targetUrl: String asyncEvents: [WebhookEventTypeAsyncEnum!]
    syncEvents: [WebhookEventTypeSyncEnum!] app: ID isActive: Boolean query: String
    customHeaders: JSONString
    """,
)
input_type(
    "WebhookUpdateInput",
    """
    name: String identifier: String targetUrl: String asyncEvents: [WebhookEventTypeAsyncEnum!]
    syncEvents: [WebhookEventTypeSyncEnum!] app: ID isActive: Boolean query: String
    customHeaders: JSONString
    """,
)
input_type("AppInput", "name: String identifier: String permissions: [PermissionEnum!]")
input_type("AppTokenInput", "name: String app: ID!")
input_type(
    "ShippingZoneUpdateInput",
    """
    name: String description: String countries: [String!] default: Boolean addWarehouses: [ID!]
    addChannels: [ID!] removeWarehouses: [ID!] removeChannels: [ID!]
    """,
)
input_type("StockUpdateInput", "stock: ID! quantity: Int!")
input_type(
    "ProductVariantStocksUpdateInput", "create: [StockInput!] update: [StockUpdateInput!] remove: [ID!]"
)
input_type(
    "ChannelListingUpdateInput", "channelListing: ID! price: PositiveDecimal costPrice: PositiveDecimal"
)
input_type(
    "ProductVariantChannelListingUpdateInput",
    "create: [ProductVariantChannelListingAddInput!] update: [ChannelListingUpdateInput!] remove: [ID!]",
)
input_type(
    "ProductVariantBulkUpdateInput",
    """
    attributes: [BulkAttributeValueInput!] sku: String name: String trackInventory: Boolean
    weight: WeightScalar quantityLimitPerCustomer: Int metadata: [MetadataInput!]
    privateMetadata: [MetadataInput!] externalReference: String stocks: ProductVariantStocksUpdateInput
    channelListings: ProductVariantChannelListingUpdateInput id: ID!
    """,
)
