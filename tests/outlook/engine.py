"""The event code in an engine without a page (QuickJS), as classic Outlook on Windows runs it."""

import base64
import json
from pathlib import Path
from typing import Any

import quickjs

from addin_backend.addin.files import content
from tests.addin import tokens
from tests.addin.asking import Asking

STUB = (Path(__file__).parent / "office.js").read_text(encoding="utf-8")
REQUESTS = """
var ASKED = [];
function XMLHttpRequest() { this.headers = {}; }
XMLHttpRequest.prototype.open = function (method, url) { this.method = method; this.url = url; };
XMLHttpRequest.prototype.setRequestHeader = function (name, value) { this.headers[name] = value; };
XMLHttpRequest.prototype.send = function (body) {
  var request = this;
  ASKED.push({ url: this.url, timeout: this.timeout, type: this.headers["Content-Type"], length: body.length });
  Promise.resolve().then(function () {
    var told = JSON.parse(ask(request.method, request.url, JSON.stringify(request.headers), body));
    if (!told) { request.onerror(); return; }
    request.status = told[0]; request.responseText = told[1]; request.onload();
  });
};
"""
OFFICER = tokens.OFFICER


class Engine:
    """One activation of the event code over one item; `service` None is one that can't be reached."""

    def __init__(self, service: Asking | None, *, timers: bool = False, **given: Any) -> None:
        told = {"user": OFFICER, "token": tokens.entra()} | given
        self._service = service
        self._context = quickjs.Context()
        self._context.add_callable("ask", self._ask)
        self._context.eval(f"var GIVEN = {json.dumps(told)};")
        if timers:
            self._context.eval("var TIMERS = []; function setTimeout(act, ms) { TIMERS.push([act, ms]); }")
        self._context.eval(STUB)
        self._context.eval(REQUESTS)
        self._context.eval(content("events.js", tokens.URL, entra=True))

    def raised(self, name: str) -> dict[str, Any]:
        """Have Outlook raise an event, and give what the function told Outlook in the end."""
        self._context.eval(f"RAISE({json.dumps(name)})")
        self.run()
        (completed,) = self.value("STATE.completed")
        return completed

    def run(self) -> None:
        while self._context.execute_pending_job():
            pass

    def value(self, expression: str) -> Any:
        return json.loads(self._context.eval(f"JSON.stringify({expression})"))

    def _ask(self, method: str, url: str, headers: str, body: str) -> str:
        if self._service is None:
            return "null"
        answer = self._service.client.request(method, url, headers=json.loads(headers), content=body.encode())
        return json.dumps([answer.status_code, answer.text])


def mailbox(address: str, name: str = "") -> dict[str, str]:
    return {"emailAddress": address, "displayName": name}


def file(
    number: int, name: str, octets: bytes, declared: str = "application/octet-stream", **more: Any
) -> dict[str, Any]:
    encoded = base64.b64encode(octets).decode()
    told = {"id": f"file-{number}", "name": name, "size": len(octets), "contentType": declared}
    return told | {"content": encoded} | more
