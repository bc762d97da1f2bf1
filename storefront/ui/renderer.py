"""How every Django form looks: set ``FORM_RENDERER = "storefront.ui.renderer.UiFormRenderer"``."""

from django.forms.renderers import DjangoTemplates


class UiFormRenderer(DjangoTemplates):
    """Render forms and fields with the templates in ``ui/form``."""

    form_template_name = "ui/form/form.html"
    field_template_name = "ui/form/field.html"
