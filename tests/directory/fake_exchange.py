"""A fake Exchange: EWS as SOAP over HTTP, with Basic sign-in, in the wire format of [MS-OXWSRSLNM] and its like.

It answers ConvertId (by which clients learn the version), ResolveNames, ExpandDL, GetFolder, FindItem, GetItem,
DeleteItem, Subscribe, GetStreamingEvents and Unsubscribe.
"""

import base64
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

from lxml import etree

from tests.directory.fake_http import FakeHttp, Reply, Request

T = "http://schemas.microsoft.com/exchange/services/2006/types"
M = "http://schemas.microsoft.com/exchange/services/2006/messages"
NS = {"t": T, "m": M}
XML = "text/xml; charset=utf-8"
ACCOUNT, PASSWORD = "svc-sealgate", "Made-up-1"
HEADER = (
    '<h:ServerVersionInfo MajorVersion="15" MinorVersion="1" MajorBuildNumber="2507" MinorBuildNumber="6"'
    ' Version="V2017_07_11" xmlns:h="http://schemas.microsoft.com/exchange/services/2006/types"/>'
)


@dataclass
class Man:
    """One entry of the address list."""

    name: str
    address: str
    title: str = ""
    department: str = ""
    company: str = ""
    phone: str = ""
    kind: str = "Mailbox"  # or PublicDL
    members: tuple[str, ...] = ()
    other_addresses: tuple[str, ...] = ()


@dataclass
class Mail:
    """One message in the receipts mailbox."""

    raw: bytes
    read: bool = False
    damaged: bool = False
    folder: str = "inbox"


@dataclass
class FakeExchange:
    """The server's state; `http` speaks for it."""

    people: list[Man] = field(default_factory=list)
    mails: dict[str, Mail] = field(default_factory=dict)
    password: str = PASSWORD
    operations: list[str] = field(default_factory=list)
    soap_faults: list[str] = field(
        default_factory=list
    )  # response codes of the next operations; '' for one that works
    arriving: dict[str, Mail] = field(default_factory=dict)  # come in with the next stream of events
    emptied: threading.Event = field(default_factory=threading.Event)  # the last message left the inbox
    stream: threading.Event = field(default_factory=threading.Event)  # streams wait for it

    def http(self) -> FakeHttp:
        return FakeHttp(self.answer)

    def answer(self, request: Request) -> Reply:
        wanted = base64.b64encode(f"{ACCOUNT}:{self.password}".encode()).decode()
        if request.headers.get("Authorization") != f"Basic {wanted}":
            return Reply(401, b"", {"WWW-Authenticate": 'Basic realm="mail.borchester.gov.uk"'})
        body = etree.fromstring(request.body).find("{http://schemas.xmlsoap.org/soap/envelope/}Body")
        assert body is not None
        call = body[0]
        operation = etree.QName(call).localname
        self.operations.append(operation)
        if operation != "ConvertId" and self.soap_faults and (code := self.soap_faults.pop(0)):
            return _fault(operation, code)
        if operation == "GetStreamingEvents":
            return self._streamed()
        return _soap("".join(getattr(self, f"_{operation}")(call)))

    def _ConvertId(self, call: etree._Element) -> Iterator[str]:
        yield _failed("ConvertId", "ErrorInvalidIdMalformed", "Id is malformed.")

    def _ResolveNames(self, call: etree._Element) -> Iterator[str]:
        assert call.get("ReturnFullContactData") == "true"
        entry = call.findtext("m:UnresolvedEntry", "", NS)
        found = [man for man in self.people if _resolves(man, entry)]
        if not found:
            yield _failed("ResolveNames", "ErrorNameResolutionNoResults", "No results were found.")
            return
        several = len(found) > 1
        kind, code = ("Warning", "ErrorNameResolutionMultipleResults") if several else ("Success", "NoError")
        yield (
            f'<m:ResolveNamesResponse><m:ResponseMessages><m:ResolveNamesResponseMessage ResponseClass="{kind}">'
            + ("<m:MessageText>Multiple results were found.</m:MessageText>" if several else "")
            + f"<m:ResponseCode>{code}</m:ResponseCode>"
            + ("<m:DescriptiveLinkKey>0</m:DescriptiveLinkKey>" if several else "")
            + f'<m:ResolutionSet TotalItemsInView="{len(found)}" IncludesLastItemInRange="true">'
            + "".join(_resolution(man) for man in found)
            + "</m:ResolutionSet></m:ResolveNamesResponseMessage></m:ResponseMessages></m:ResolveNamesResponse>"
        )

    def _ExpandDL(self, call: etree._Element) -> Iterator[str]:
        address = call.findtext(".//t:EmailAddress", "", NS)
        group = next((man for man in self.people if man.address == address), None)
        if group is None:
            yield _failed("ExpandDL", "ErrorNameResolutionNoResults", "No results were found.")
            return
        known = {man.address: man for man in self.people}
        members = [known.get(one, Man(one, one, kind="OneOff")) for one in group.members]
        yield (
            '<m:ExpandDLResponse><m:ResponseMessages><m:ExpandDLResponseMessage ResponseClass="Success">'
            "<m:ResponseCode>NoError</m:ResponseCode>"
            f'<m:DLExpansion TotalItemsInView="{len(members)}" IncludesLastItemInRange="true">'
            + "".join(_mailbox(man) for man in members)
            + "</m:DLExpansion></m:ExpandDLResponseMessage></m:ResponseMessages></m:ExpandDLResponse>"
        )

    def _GetFolder(self, call: etree._Element) -> Iterator[str]:
        yield "<m:GetFolderResponse><m:ResponseMessages>"
        for wanted in call.iter(f"{{{T}}}DistinguishedFolderId", f"{{{T}}}FolderId"):
            name = wanted.get("Id") or ""
            unread = sum(not mail.read for mail in self.mails.values() if mail.folder == name)
            yield (
                '<m:GetFolderResponseMessage ResponseClass="Success"><m:ResponseCode>NoError</m:ResponseCode>'
                f'<m:Folders><t:Folder><t:FolderId Id="folder-{name}" ChangeKey="AQ=="/>'
                f'<t:ParentFolderId Id="folder-root" ChangeKey="AQ=="/><t:FolderClass>IPF.Note</t:FolderClass>'
                f"<t:DisplayName>{name}</t:DisplayName><t:TotalCount>{len(self.mails)}</t:TotalCount>"
                f"<t:ChildFolderCount>0</t:ChildFolderCount><t:UnreadCount>{unread}</t:UnreadCount>"
                "</t:Folder></m:Folders></m:GetFolderResponseMessage>"
            )
        yield "</m:ResponseMessages></m:GetFolderResponse>"

    def _FindItem(self, call: etree._Element) -> Iterator[str]:
        page = call.find("m:IndexedPageItemView", NS)
        most = int(page.get("MaxEntriesReturned", "100")) if page is not None else 100
        start = int(page.get("Offset", "0")) if page is not None else 0
        there = [name for name, mail in self.mails.items() if mail.folder == "inbox"]
        shown = there[start : start + most]
        last = "true" if start + len(shown) >= len(there) else "false"
        yield (
            '<m:FindItemResponse><m:ResponseMessages><m:FindItemResponseMessage ResponseClass="Success">'
            "<m:ResponseCode>NoError</m:ResponseCode>"
            f'<m:RootFolder IndexedPagingOffset="{start + len(shown)}" TotalItemsInView="{len(there)}"'
            f' IncludesLastItemInRange="{last}"><t:Items>'
            + "".join(f'<t:Message><t:ItemId Id="{one}" ChangeKey="CQ=="/></t:Message>' for one in shown)
            + "</t:Items></m:RootFolder></m:FindItemResponseMessage></m:ResponseMessages></m:FindItemResponse>"
        )

    def _GetItem(self, call: etree._Element) -> Iterator[str]:
        yield "<m:GetItemResponse><m:ResponseMessages>"
        for name in _ids(call):
            mail = self.mails.get(name)
            if mail is None:
                yield _message("GetItem", "ErrorItemNotFound", "The specified object was not found.")
                continue
            if mail.damaged:
                yield _message("GetItem", "ErrorItemCorrupt", "The item is corrupt.")
                continue
            raw = base64.b64encode(mail.raw).decode()
            yield (
                '<m:GetItemResponseMessage ResponseClass="Success"><m:ResponseCode>NoError</m:ResponseCode>'
                f'<m:Items><t:Message><t:MimeContent CharacterSet="UTF-8">{raw}</t:MimeContent>'
                f'<t:ItemId Id="{name}" ChangeKey="CQ=="/></t:Message></m:Items></m:GetItemResponseMessage>'
            )
        yield "</m:ResponseMessages></m:GetItemResponse>"

    def _DeleteItem(self, call: etree._Element) -> Iterator[str]:
        yield "<m:DeleteItemResponse><m:ResponseMessages>"
        for name in _ids(call):
            if name not in self.mails:
                yield _message("DeleteItem", "ErrorItemNotFound", "The specified object was not found.")
                continue
            if call.get("DeleteType") == "MoveToDeletedItems":
                self.mails[name].folder = "deleteditems"
            else:
                del self.mails[name]
            yield (
                '<m:DeleteItemResponseMessage ResponseClass="Success"><m:ResponseCode>NoError</m:ResponseCode>'
                "</m:DeleteItemResponseMessage>"
            )
        if not any(mail.folder == "inbox" for mail in self.mails.values()):
            self.emptied.set()
        yield "</m:ResponseMessages></m:DeleteItemResponse>"

    def _Subscribe(self, call: etree._Element) -> Iterator[str]:
        yield (
            '<m:SubscribeResponse><m:ResponseMessages><m:SubscribeResponseMessage ResponseClass="Success">'
            "<m:ResponseCode>NoError</m:ResponseCode><m:SubscriptionId>sub-1</m:SubscriptionId>"
            "</m:SubscribeResponseMessage></m:ResponseMessages></m:SubscribeResponse>"
        )

    def _Unsubscribe(self, call: etree._Element) -> Iterator[str]:
        yield (
            '<m:UnsubscribeResponse><m:ResponseMessages><m:UnsubscribeResponseMessage ResponseClass="Success">'
            "<m:ResponseCode>NoError</m:ResponseCode></m:UnsubscribeResponseMessage></m:ResponseMessages>"
            "</m:UnsubscribeResponse>"
        )

    def _streamed(self) -> Reply:
        """Each envelope of the stream is a chunk of its own; the last one closes the connection."""
        self.stream.wait(20)
        news, self.arriving = self.arriving, {}
        self.mails |= news
        notification = "".join(
            "<t:NewMailEvent><t:TimeStamp>2026-11-25T10:00:00Z</t:TimeStamp>"
            f'<t:ItemId Id="{one}" ChangeKey="CQ=="/>'
            '<t:ParentFolderId Id="folder-inbox" ChangeKey="AQ=="/></t:NewMailEvent>'
            for one in news
        )
        bodies = [_streaming("<m:ConnectionStatus>OK</m:ConnectionStatus>")]
        if news:
            bodies.append(
                _streaming(
                    "<m:Notifications><m:Notification><t:SubscriptionId>sub-1</t:SubscriptionId>"
                    f"{notification}</m:Notification></m:Notifications>"
                )
            )
        bodies.append(_streaming("<m:ConnectionStatus>Closed</m:ConnectionStatus>"))
        return Reply(200, headers={"Content-Type": XML}, chunks=[_enveloped(body) for body in bodies])


def _streaming(inside: str) -> str:
    return (
        "<m:GetStreamingEventsResponse><m:ResponseMessages>"
        '<m:GetStreamingEventsResponseMessage ResponseClass="Success"><m:ResponseCode>NoError</m:ResponseCode>'
        f"{inside}</m:GetStreamingEventsResponseMessage></m:ResponseMessages></m:GetStreamingEventsResponse>"
    )


def _ids(call: etree._Element) -> list[str]:
    return [one.get("Id") or "" for one in call.iter(f"{{{T}}}ItemId")]


def _resolves(man: Man, entry: str) -> bool:
    """Ambiguous name resolution: an address exactly, else the beginnings of words of the name."""
    if entry.lower().startswith("smtp:"):
        return entry[5:].lower() in (man.address.lower(), *man.other_addresses)
    words = re.findall(r"\w+", man.name.lower())
    return all(any(word.startswith(part) for word in words) for part in entry.lower().split())


def _mailbox(man: Man) -> str:
    return (
        f"<t:Mailbox><t:Name>{escape(man.name)}</t:Name><t:EmailAddress>{escape(man.address)}</t:EmailAddress>"
        f"<t:RoutingType>SMTP</t:RoutingType><t:MailboxType>{man.kind}</t:MailboxType></t:Mailbox>"
    )


def _resolution(man: Man) -> str:
    phone = (
        f'<t:PhoneNumbers><t:Entry Key="BusinessPhone">{man.phone}</t:Entry></t:PhoneNumbers>'
        if man.phone
        else ""
    )
    contact = "" if man.kind != "Mailbox" else (
        f"<t:Contact><t:DisplayName>{escape(man.name)}</t:DisplayName>"
        f"<t:CompanyName>{escape(man.company)}</t:CompanyName>{phone}"
        f"<t:Department>{escape(man.department)}</t:Department><t:JobTitle>{escape(man.title)}</t:JobTitle>"
        "<t:ContactSource>ActiveDirectory</t:ContactSource></t:Contact>"
    )  # fmt: skip
    return f"<t:Resolution>{_mailbox(man)}{contact}</t:Resolution>"


def _message(operation: str, code: str, words: str, more: str = "") -> str:
    return (
        f'<m:{operation}ResponseMessage ResponseClass="Error"><m:MessageText>{words}</m:MessageText>'
        f"<m:ResponseCode>{code}</m:ResponseCode><m:DescriptiveLinkKey>0</m:DescriptiveLinkKey>{more}"
        f"</m:{operation}ResponseMessage>"
    )


def _failed(operation: str, code: str, words: str) -> str:
    return (
        f"<m:{operation}Response><m:ResponseMessages>{_message(operation, code, words)}"
        f"</m:ResponseMessages></m:{operation}Response>"
    )


def _fault(operation: str, code: str) -> Reply:
    """ErrorServerBusy comes as a SOAP fault with the milliseconds to back off, everything else as a response."""
    if code != "ErrorServerBusy":
        return _soap(_failed(operation, code, "It failed."))
    fault = (
        '<s:Fault><faultcode xmlns:a="http://schemas.microsoft.com/exchange/services/2006/types">a:ErrorServerBusy</faultcode>'
        '<faultstring xml:lang="en-GB">The server cannot service this request right now.</faultstring><detail>'
        '<e:ResponseCode xmlns:e="http://schemas.microsoft.com/exchange/services/2006/errors">ErrorServerBusy</e:ResponseCode>'
        '<e:Message xmlns:e="http://schemas.microsoft.com/exchange/services/2006/errors">Try again later.</e:Message>'
        '<t:MessageXml><t:Value Name="BackOffMilliseconds">297749</t:Value></t:MessageXml></detail></s:Fault>'
    )
    return Reply(500, _enveloped(fault), {"Content-Type": XML})


def _soap(body: str) -> Reply:
    return Reply(200, _enveloped(body), {"Content-Type": XML})


def _enveloped(body: str) -> bytes:
    return (
        '<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"'
        f' xmlns:t="{T}" xmlns:m="{M}"><s:Header>{HEADER}</s:Header><s:Body>{body}</s:Body></s:Envelope>'
    ).encode()
