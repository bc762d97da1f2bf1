"""Pages of policy tables, for the plugin's ``console.urls``."""

from django.urls import path

from . import pages

patterns = [
    path("policies/", pages.table, name="policies"),
    path("policies/<slug:kind>/propose/", pages.propose, name="policy_propose"),
    path("policies/<slug:kind>/in-force/", pages.in_force_content, name="policy_in_force"),
    path("policies/<uuid:edition_id>/", pages.show, name="policy"),
    path("policies/<uuid:edition_id>/content/", pages.content, name="policy_content"),
    path("policies/<uuid:edition_id>/approve/", pages.approve, name="policy_approve"),
    path("policies/<uuid:edition_id>/refuse/", pages.refuse, name="policy_refuse"),
]
