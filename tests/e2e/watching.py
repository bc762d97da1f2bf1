"""What a visit did behind the page: foreign requests, console errors, refusals of the content policy."""

from __future__ import annotations

from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Request, Response, WebError

#: Chromium's own line for every answer of 400 and above; answers are judged by :meth:`Watch._answered`.
_FAILED_LOAD = "Failed to load resource"
_INLINE = frozenset({"data", "blob", "about"})


class Watch:
    """Listens to everything that the pages of a context ask for and complain of."""

    def __init__(self, context: BrowserContext, *origins: str) -> None:
        self._origins = {_origin(one) for one in origins}
        self.faults: list[str] = []
        context.on("request", self._asked)
        context.on("response", self._answered)
        context.on("console", self._said)
        context.on("weberror", self._broke)

    def assert_clean(self) -> None:
        """Everything came from the site itself, and nothing complained."""
        assert not self.faults, "\n".join(self.faults)

    def _asked(self, request: Request) -> None:
        if urlsplit(request.url).scheme not in _INLINE and _origin(request.url) not in self._origins:
            self.faults.append(f"leaves the site: {request.resource_type} {request.url}")

    def _answered(self, response: Response) -> None:
        # A refused form (422) or a missing page (404) is a page; a missing style sheet is a fault. What the service
        # worker fetches for a page is judged when the page gets it.
        asked = response.request
        if response.status >= 400 and asked.resource_type != "document" and asked.service_worker is None:
            self.faults.append(f"{response.status} for {response.request.resource_type} {response.url}")

    def _said(self, message: ConsoleMessage) -> None:
        # The content policy reports its violations here as errors.
        if message.type == "error" and not message.text.startswith(_FAILED_LOAD):
            self.faults.append(f"console: {message.text} ({message.location.get('url', '')})")

    def _broke(self, error: WebError) -> None:
        self.faults.append(f"script: {error.error.message}")


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
