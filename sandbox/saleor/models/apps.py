"""Users, apps, webhooks and the record of what was delivered."""

from __future__ import annotations

import secrets

from django.contrib.auth.hashers import check_password, make_password
from django.db import models

from sandbox.saleor.models.base import Address, Graph, WithMetadata, short


def jwt_key() -> str:
    """Make the per-user key that old tokens stop matching when it changes."""
    return secrets.token_hex(6)


class User(WithMetadata):
    email = models.EmailField(unique=True)
    password = short(max_length=128)
    first_name = short()
    last_name = short()
    language_code = short(default="EN", max_length=35)
    is_staff = models.BooleanField(default=False)
    is_superuser = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    is_confirmed = models.BooleanField(default=True)
    permissions = models.JSONField(default=list)
    addresses = models.ManyToManyField(Address, related_name="users")
    default_shipping_address = models.ForeignKey(
        Address, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    default_billing_address = models.ForeignKey(
        Address, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    jwt_token_key = models.CharField(max_length=12, default=jwt_key)
    date_joined = models.DateTimeField(auto_now_add=True)

    def set_password(self, raw: str) -> None:
        """Store a hash and end every session that still holds an old token."""
        self.password = make_password(raw)
        self.jwt_token_key = jwt_key()

    def check_password(self, raw: str) -> bool:
        return check_password(raw, self.password)


class App(WithMetadata):
    name = short(max_length=60)
    identifier = models.CharField(max_length=256, db_index=True)
    type = short(default="THIRDPARTY")
    is_active = models.BooleanField(default=False)
    is_installed = models.BooleanField(default=False)
    permissions = models.JSONField(default=list)
    version = short(max_length=60)
    about_app = models.TextField(null=True)
    author = models.CharField(max_length=60, null=True)
    app_url = models.CharField(max_length=200, null=True)
    manifest_url = models.CharField(max_length=255, null=True)
    token_target_url = models.CharField(max_length=255, null=True)
    data_privacy_url = models.CharField(max_length=255, null=True)
    homepage_url = models.CharField(max_length=255, null=True)
    support_url = models.CharField(max_length=255, null=True)
    audience = models.CharField(max_length=256, null=True)
    created = models.DateTimeField(auto_now_add=True)


class AppToken(Graph):
    """A bearer token of an app: only its hash is kept, and the last four characters to recognise it by."""

    app = models.ForeignKey(App, on_delete=models.CASCADE, related_name="tokens")
    name = short()
    digest = models.CharField(max_length=64, unique=True)
    auth_token = models.CharField(max_length=4)


class AppInstallation(Graph):
    app_name = short(max_length=60)
    manifest_url = short()
    permissions = models.JSONField(default=list)
    activate = models.BooleanField(default=True)
    status = short(default="PENDING")
    message = models.CharField(max_length=255, null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)


class AppExtension(Graph):
    app = models.ForeignKey(App, on_delete=models.CASCADE, related_name="extensions")
    identifier = models.CharField(max_length=256, null=True)
    label = short()
    url = short(max_length=200)
    mount_name = short()
    target_name = short()
    settings = models.JSONField(default=dict)
    permissions = models.JSONField(default=list)


class AppProblem(Graph):
    app = models.ForeignKey(App, on_delete=models.CASCADE, related_name="problems")
    message = models.TextField()
    key = models.CharField(max_length=128)
    count = models.IntegerField(default=1)
    is_critical = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)


class Webhook(Graph):
    app = models.ForeignKey(App, on_delete=models.CASCADE, related_name="webhooks")
    name = models.CharField(max_length=255, null=True)
    identifier = models.CharField(max_length=256, null=True)
    target_url = models.CharField(max_length=255)
    subscription_query = models.TextField(null=True)
    async_events = models.JSONField(default=list)
    sync_events = models.JSONField(default=list)
    is_active = models.BooleanField(default=True)
    custom_headers = models.JSONField(default=dict)


class EventDelivery(Graph):
    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="event_deliveries")
    event_type = short()
    status = short(default="PENDING")
    # Null until rendered: payloads of order and checkout events are built when they leave.
    payload = models.TextField(null=True)
    event = models.JSONField(default=dict)
    attempts_made = models.IntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-created_at", "-id")


class EventDeliveryAttempt(Graph):
    delivery = models.ForeignKey(EventDelivery, on_delete=models.CASCADE, related_name="attempts")
    created_at = models.DateTimeField(auto_now_add=True)
    status = short(default="PENDING")
    duration = models.FloatField(null=True)
    response = models.TextField(null=True)
    response_status_code = models.IntegerField(null=True)
    request_headers = models.TextField(null=True)

    class Meta:
        ordering = ("-created_at", "-id")
