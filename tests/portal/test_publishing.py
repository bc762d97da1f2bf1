"""Publishing from the portal: started once, told step by step, refused while something is missing."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.urls import reverse

from saleor_ext.core import clock, outbox
from saleor_ext.core.errors import PermanentError, TransientError
from saleor_ext.core.locks import alone
from saleor_ext.core.models import OutboxMessage
from saleor_ext.demo.seed import settle_all
from saleor_ext.link.publishing import STEPS, ListingPublication, Publication
from saleor_ext.listings import publishing
from saleor_ext.listings.models import Listing, PublicationRun

pytestmark = pytest.mark.django_db


class FakeSaleor:
    """Stands for ``publish_listing``: tells its steps, may fail at one of them."""

    def __init__(self) -> None:
        self.sent: list[ListingPublication] = []
        self.fail_at: dict[str, Exception] = {}

    def __call__(
        self, client: Any, listing: ListingPublication, *, on_step: Callable[[str, int, int], None]
    ) -> Publication:
        self.sent.append(listing)
        for number, step in enumerate(STEPS, 1):
            on_step(step, number, len(STEPS))
            if step in self.fail_at:
                raise self.fail_at.pop(step)
        ids = {variant.external_reference: f"V:{variant.sku}" for variant in listing.variants}
        return Publication("UHJvZHVjdDox", listing.slug, ids, created=True, changed=("product",))


@pytest.fixture
def saleor(monkeypatch) -> FakeSaleor:
    fake = FakeSaleor()
    monkeypatch.setattr(publishing, "publish_listing", fake)
    monkeypatch.setattr(publishing, "platform_client", lambda api_url: None)
    return fake


@pytest.fixture
def ready(bakery: Listing) -> Listing:
    """The bakery's listing with its articles in the bonded book."""
    settle_all([bakery])
    bakery.refresh_from_db()
    assert bakery.state == "ready"
    return bakery


def press(client, listing) -> Any:
    return client.post(reverse("portal:publish", args=[listing.pk]))


def run_of(listing: Listing) -> PublicationRun:
    return PublicationRun.objects.get(listing=listing)


def test_publishing_runs_from_the_outbox_and_is_told(baker, ready, saleor) -> None:
    progress = reverse("portal:progress", args=[ready.pk])
    assert press(baker, ready).status_code == 302
    page = baker.get(progress).content.decode()
    assert 'hx-trigger="every 1s"' in page
    assert "Waiting for its turn" in page
    assert outbox.drain() == 1
    answer = baker.get(progress)
    assert "On sale since" in answer.content.decode()
    assert answer["HX-Refresh"] == "true"
    ready.refresh_from_db()
    assert (ready.state, ready.published_version) == ("published", ready.version)
    assert ready.variants.get(sku="FAR-ALM-220").saleor_variant_id == "V:FAR-ALM-220"


def test_pressing_twice_starts_one_run(baker, ready, saleor) -> None:
    press(baker, ready)
    press(baker, ready)
    assert PublicationRun.objects.count() == 1
    assert OutboxMessage.objects.filter(topic="listing.publish").count() == 1


def test_what_is_sent(baker, ready, saleor) -> None:
    press(baker, ready)
    outbox.drain()
    sent = saleor.sent[0]
    assert sent.external_reference == "farolim:almond-cookies"
    assert sent.text.name == "炭香杏仁饼"
    assert set(sent.translations) == {"ZH_HANT", "PT", "EN"}
    assert sent.translations["EN"].seo_description.startswith("Mung-bean flour")
    assert "Shelf life: 180 days" in sent.translations["EN"].description
    assert sent.metadata == {
        "ponte.merchant": "farolim", "ponte.lane": "bonded_1210", "ponte.origin": "121", "ponte.warehouse": "nansha",
    }  # fmt: skip  # one table
    first = sent.variants[0]
    assert (first.sku, str(first.price), first.stock, first.weight_g) == (
        "FAR-ALM-220",
        "48.00 CNY",
        420,
        310,
    )
    assert first.metadata["ponte.hs_code"] == "1905310000"
    assert first.metadata["ponte.qty1"] == "0.22"
    assert [media.path.exists() for media in sent.media] == [True, True]


def test_stock_is_sent_only_when_it_was_changed(baker, ready, saleor, form_of) -> None:
    press(baker, ready)
    outbox.drain()
    baker.post(reverse("portal:listing", args=[ready.pk]), form_of(ready) | {"variant-1-stock": "99"})
    press(baker, ready)
    outbox.drain()
    assert [variant.stock for variant in saleor.sent[1].variants] == [None, 99]


def test_a_failure_in_the_middle_is_resumed(baker, ready, saleor) -> None:
    saleor.fail_at["media"] = TransientError("no answer")
    press(baker, ready)
    assert outbox.drain() == 0
    page = baker.get(reverse("portal:progress", args=[ready.pk])).content.decode()
    assert "It will be tried again by itself." in page
    assert "Pictures" in page
    OutboxMessage.objects.update(run_at="2020-01-01T00:00:00Z")
    assert outbox.drain() == 1
    assert run_of(ready).state == "done"
    assert len(saleor.sent) == 2


def test_a_refusal_is_shown_and_can_be_mended(baker, ready, saleor, form_of) -> None:
    saleor.fail_at["variants"] = PermanentError("sku is taken")
    press(baker, ready)
    outbox.drain()
    page = baker.get(reverse("portal:listing", args=[ready.pk])).content.decode()
    assert "Publishing failed" in page
    assert "sku is taken" in page
    ready.refresh_from_db()
    assert ready.state == "failed"
    baker.post(reverse("portal:listing", args=[ready.pk]), form_of(ready) | {"en-name": "Mended"})
    ready.refresh_from_db()
    assert ready.state == "ready"
    press(baker, ready)
    outbox.drain()
    ready.refresh_from_db()
    assert ready.state == "published"


def test_an_incomplete_listing_is_not_published(baker, bakery, saleor) -> None:
    """The article is not in the bonded book yet."""
    answer = baker.post(reverse("portal:publish", args=[bakery.pk]), follow=True)
    assert "Not published: the checklist says what is still missing." in answer.content.decode()
    assert "Registered in the bonded book" in answer.content.decode()
    assert not PublicationRun.objects.exists()


def test_a_suspended_merchant_cannot_publish(baker, ready, saleor) -> None:
    from saleor_ext.merchants.services import suspend

    suspend(ready.merchant, reason="papers ran out", actor="operator")
    press(baker, ready)
    assert not PublicationRun.objects.exists()


def test_a_change_after_publishing_is_shown_as_not_yet_published(baker, ready, saleor, form_of) -> None:
    press(baker, ready)
    outbox.drain()
    baker.post(reverse("portal:listing", args=[ready.pk]), form_of(ready) | {"en-name": "Renamed"})
    assert "Changes not yet published" in baker.get(reverse("portal:listings")).content.decode()
    ready.refresh_from_db()
    assert ready.state == "published"


@pytest.mark.django_db(transaction=True)
def test_a_slow_worker_is_not_joined_by_another_one(saleor: FakeSaleor, ready: Listing) -> None:
    run = publishing.publish(ready, actor="ana")
    held, go_on = threading.Event(), threading.Event()

    def hold() -> None:
        with alone(f"listing.publish:{ready.pk}", "busy"):
            held.set()
            go_on.wait(10)
        connection.close()

    slow = threading.Thread(target=hold)
    slow.start()
    held.wait(10)
    assert outbox.drain() == 0
    assert saleor.sent == []
    assert (
        OutboxMessage.objects.get().last_error
        == "HeldElsewhere: another worker is still publishing this listing"
    )
    go_on.set()
    slow.join()
    OutboxMessage.objects.update(run_at=clock.now())
    assert outbox.drain() == 1
    run.refresh_from_db()
    assert run.state == "done"
