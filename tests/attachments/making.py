"""Documents that carry a marker in every place where their format can hide text."""

import io
import zipfile
from collections.abc import Iterator

from milter.attachments.reading import Reading
from milter.message.passage import Passage

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
TYPES = (
    f'<Types xmlns="{PACKAGE}/content-types"><Default Extension="xml" ContentType="application/xml"/></Types>'
)


def passages_of(reading: Reading) -> Iterator[Passage]:
    """Every passage of a reading and of all that lies inside it."""
    yield from reading.passages
    for member in reading.members:
        yield from passages_of(member)


def text_of(reading: Reading) -> str:
    """All text of a reading and of all that lies inside it."""
    return "\n".join(passage.text for passage in passages_of(reading))


def where_is(reading: Reading, marker: str) -> list[Passage]:
    """The passages that hold a marker."""
    return [passage for passage in passages_of(reading) if marker in passage.text]


def zipped(parts: dict[str, str | bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip archive of the parts, in their order."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def paragraph(text: str) -> str:
    return f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>"


def word_part(root: str, inside: str) -> str:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><w:{root} xmlns:w="{W}" xmlns:r="{R}" '
        'xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing" '
        'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
        'xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape" '
        f'xmlns:v="urn:schemas-microsoft-com:vml">{inside}</w:{root}>'
    )


WORD_BODY = (
    paragraph("canary-body")
    + "<w:p><w:r><w:t>canary-sp</w:t></w:r><w:r><w:rPr><w:b/></w:rPr><w:t>lit-run</w:t></w:r></w:p>"
    + f"<w:tbl><w:tr><w:tc>{paragraph('Name')}</w:tc><w:tc>{paragraph('NHS No')}</w:tc></w:tr>"
    f"<w:tr><w:tc>{paragraph('canary-cell')}<w:tbl><w:tr><w:tc>{paragraph('canary-nested')}</w:tc></w:tr></w:tbl>"
    f"{paragraph('more')}</w:tc><w:tc>{paragraph('943 476')}{paragraph('5919')}</w:tc></w:tr></w:tbl>"
    "<w:p><w:del><w:r><w:delText>canary-deleted</w:delText></w:r></w:del>"
    "<w:ins><w:r><w:t>canary-inserted</w:t></w:r></w:ins></w:p>"
    "<w:p><w:r><w:rPr><w:vanish/></w:rPr><w:t>canary-vanished</w:t></w:r></w:p>"
    "<w:p><w:fldSimple w:instr=' DOCPROPERTY \"canary-simplefield\" '><w:r><w:t>canary-fieldresult</w:t></w:r>"
    '</w:fldSimple><w:r><w:fldChar w:fldCharType="begin"><w:ffData><w:name w:val="canary-formname"/>'
    '<w:helpText w:val="canary-formhelp"/><w:textInput><w:default w:val="canary-formdefault"/></w:textInput>'
    '</w:ffData></w:fldChar><w:instrText>HYPERLINK "mailto:canary-instruction"</w:instrText></w:r></w:p>'
    '<w:sdt><w:sdtPr><w:alias w:val="canary-alias"/><w:tag w:val="canary-tag"/></w:sdtPr>'
    f"<w:sdtContent>{paragraph('canary-control')}</w:sdtContent></w:sdt>"
    '<w:p><w:r><w:drawing><wp:docPr id="1" name="x" descr="canary-alternative" title="canary-title"/></w:drawing>'
    "<mc:AlternateContent><mc:Choice><wps:txbx><w:txbxContent>"
    + paragraph("canary-textbox")
    + "</w:txbxContent></wps:txbx></mc:Choice><mc:Fallback><v:textbox><w:txbxContent>"
    + paragraph("canary-fallback")
    + "</w:txbxContent></v:textbox></mc:Fallback></mc:AlternateContent></w:r>"
    '<w:hyperlink r:id="rId1" w:tooltip="canary-tooltip"><w:r><w:t>link</w:t></w:r></w:hyperlink></w:p>'
)


def docx() -> bytes:
    """A Word document with a marker everywhere."""
    rels = (
        f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="rId1" TargetMode="External" '
        f'Type="{R}/hyperlink" Target="mailto:canary-address@example.org"/></Relationships>'
    )
    properties = (
        '<cp:coreProperties xmlns:cp="x" xmlns:dc="http://purl.org/dc/elements/1.1/">'
        "<dc:title>canary-core</dc:title></cp:coreProperties>"
    )
    custom = '<Properties xmlns="x"><property name="a"><lpwstr>canary-custom</lpwstr></property></Properties>'
    return zipped(
        {
            "[Content_Types].xml": TYPES,
            "word/document.xml": word_part("document", f"<w:body>{WORD_BODY}</w:body>"),
            "word/_rels/document.xml.rels": rels,
            "word/header1.xml": word_part("hdr", paragraph("canary-header")),
            "word/theme/header2.xml": word_part("hdr", paragraph("canary-odd-name")),
            "word/footer1.xml": word_part("ftr", paragraph("canary-footer")),
            "word/comments.xml": word_part(
                "comments", f'<w:comment w:author="canary-author">{paragraph("canary-comment")}</w:comment>'
            ),
            "word/footnotes.xml": word_part(
                "footnotes", f"<w:footnote>{paragraph('canary-footnote')}</w:footnote>"
            ),
            "word/endnotes.xml": word_part(
                "endnotes", f"<w:endnote>{paragraph('canary-endnote')}</w:endnote>"
            ),
            "word/settings.xml": word_part(
                "settings", '<w:docVars><w:docVar w:name="a" w:val="canary-variable"/></w:docVars>'
            ),
            "word/numbering.xml": word_part(
                "numbering", '<w:lvl><w:lvlText w:val="canary-numbering %1"/></w:lvl>'
            ),
            "word/glossary/document.xml": word_part(
                "glossaryDocument", f"<w:docPartBody>{paragraph('canary-glossary')}</w:docPartBody>"
            ),
            "word/charts/chart1.xml": '<c:chart xmlns:c="c"><c:v>canary-chart</c:v><c:v>2</c:v></c:chart>',
            "word/embeddings/sheet.xlsx": xlsx_small("canary-embedded"),
            "customXml/item1.xml": "<data><pupil>canary-customxml</pupil></data>",
            "docProps/core.xml": properties,
            "docProps/custom.xml": custom,
            "word/media/plain.bin": b"\x00\x01\x02\x03\x9d\x9d" * 9 + "canary-binary".encode("utf-16-le"),
        }
    )


DOCX_PLACES = (
    "body", "split-run", "cell", "nested", "deleted", "inserted", "vanished", "simplefield", "fieldresult",
    "formname", "formhelp", "formdefault", "instruction", "alias", "tag", "control", "alternative", "title",
    "textbox", "fallback", "tooltip", "address", "header", "odd-name", "footer", "comment", "author", "footnote",
    "endnote", "variable", "numbering", "glossary", "chart", "embedded", "customxml", "core", "custom", "binary",
)  # fmt: skip


def xlsx_small(text: str) -> bytes:
    """A workbook of one cell."""
    import openpyxl

    book = openpyxl.Workbook()
    book.active["A1"] = text
    return saved(book)


def saved(document) -> bytes:
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def xlsx() -> bytes:
    """A workbook with a marker everywhere."""
    import datetime

    import openpyxl
    from openpyxl.chart import BarChart, Reference
    from openpyxl.comments import Comment
    from openpyxl.workbook.defined_name import DefinedName
    from openpyxl.worksheet.datavalidation import DataValidation

    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "canary-sheetname"
    rows = [
        ["Name", "D.O.B.", "Account", "UPN"],
        ["canary-string", datetime.date(2012, 4, 3), 1234567, "canary-second"],
        [None, datetime.date(1999, 12, 31), 9434765919, None],
    ]
    for row in rows:
        sheet.append(row)
    sheet["C2"].number_format = "00000000"
    sheet["B2"].number_format = sheet["B3"].number_format = "dd mmmm yyyy"
    sheet["E2"] = '="canary-formula"&A1'
    sheet["A5"] = "canary-hiddenrow"
    sheet.row_dimensions[5].hidden = True
    sheet["H9"] = "canary-hiddencolumn"
    sheet.column_dimensions["H"].hidden = True
    sheet["A2"].comment = Comment("canary-comment", "canary-commentauthor")
    sheet["D3"].hyperlink = "mailto:canary-link@example.org"
    sheet["D3"].hyperlink.tooltip = "canary-tooltip"
    sheet.oddHeader.center.text = "canary-header"
    validation = DataValidation(type="list", formula1='"canary-choice,b"', prompt="canary-prompt")
    sheet.add_data_validation(validation)
    validation.add("D9")
    book.defined_names["canary_name"] = DefinedName("canary_name", attr_text='"canary-defined"')
    for title, state in (("hidden", "hidden"), ("very", "veryHidden")):
        other = book.create_sheet(title)
        other["A1"] = f"canary-{title}sheet"
        other.sheet_state = state
    chart = BarChart()
    chart.title = "canary-chart"
    chart.add_data(Reference(sheet, min_col=3, min_row=1, max_row=3), titles_from_data=True)
    sheet.add_chart(chart, "J2")
    book.properties.title = "canary-core"
    return with_parts(
        saved(book),
        {
            "xl/pivotCache/pivotCacheRecords1.xml": '<pivotCacheRecords><s v="canary-pivot"/></pivotCacheRecords>',
            "xl/externalLinks/externalLink1.xml": "<externalLink><cell><v>canary-external</v></cell></externalLink>",
            "xl/threadedComments/threadedComment1.xml": "<Threads><text>canary-thread</text></Threads>",
            "xl/persons/person.xml": '<personList><person displayName="canary-person"/></personList>',
            "xl/drawings/drawing9.xml": '<xdr:wsDr xmlns:xdr="x" xmlns:a="a"><a:t>canary-shape</a:t></xdr:wsDr>',
            "xl/strings2.xml": "<sst><si><t>canary-spare</t></si></sst>",
            "xl/embeddings/a.docx": docx(),
        },
    )


XLSX_PLACES = (
    "sheetname", "string", "second", "formula", "hiddenrow", "hiddencolumn", "comment", "commentauthor", "link",
    "tooltip", "header", "choice", "prompt", "defined", "hiddensheet", "verysheet", "chart", "core", "pivot",
    "external", "thread", "person", "shape", "vanished", "spare",
)  # fmt: skip


def with_parts(package: bytes, more: dict[str, str | bytes]) -> bytes:
    """A zip package with further parts."""
    out = io.BytesIO(package)
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as archive:
        for name, content in more.items():
            archive.writestr(name, content)
    return out.getvalue()


def pptx() -> bytes:
    """A presentation with a marker everywhere."""
    from pptx import Presentation
    from pptx.chart.data import CategoryChartData
    from pptx.enum.chart import XL_CHART_TYPE
    from pptx.util import Inches

    show = Presentation()
    slide = show.slides.add_slide(show.slide_layouts[5])
    slide.shapes.title.text = "canary-title"
    box = slide.shapes.add_textbox(Inches(1), Inches(1), Inches(2), Inches(1))
    box.text_frame.text = "canary-textbox"
    box.name = "box"
    box._element.nvSpPr.cNvPr.set("descr", "canary-alternative")
    table = slide.shapes.add_table(2, 2, Inches(1), Inches(2), Inches(4), Inches(1)).table
    for place, text in (((0, 0), "Pupil"), ((0, 1), "UPN"), ((1, 0), "canary-cell"), ((1, 1), "A1")):
        table.cell(*place).text = text
    group = slide.shapes.add_group_shape()
    group.shapes.add_textbox(Inches(1), Inches(1), Inches(1), Inches(1)).text_frame.text = "canary-group"
    data = CategoryChartData()
    data.categories = ["canary-category"]
    data.add_series("canary-series", (1.0,))
    slide.shapes.add_chart(XL_CHART_TYPE.BAR_CLUSTERED, Inches(1), Inches(1), Inches(2), Inches(2), data)
    slide.notes_slide.notes_text_frame.text = "canary-notes"
    hidden = show.slides.add_slide(show.slide_layouts[5])
    hidden.shapes.title.text = "canary-hiddenslide"
    hidden._element.set("show", "0")
    show.slide_masters[0].shapes[0].text_frame.text = "canary-master"
    show.core_properties.title = "canary-core"
    comment = '<p:cmLst xmlns:p="p"><p:cm><p:text>canary-comment</p:text></p:cm></p:cmLst>'
    return with_parts(saved(show), {"ppt/comments/comment1.xml": comment})


PPTX_PLACES = (
    "title", "textbox", "alternative", "cell", "group", "category", "series", "notes", "hiddenslide", "master",
    "core", "comment",
)  # fmt: skip


def odt() -> bytes:
    """A text document with a marker in most places of its format."""
    office = (
        'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
        'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" '
        'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
        'xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0" '
        'xmlns:svg="urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xlink="http://www.w3.org/1999/xlink" '
        'xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0"'
    )
    body = (
        "<text:tracked-changes><text:p>canary-deleted</text:p></text:tracked-changes>"
        "<text:p>canary-body<text:s/>next<text:tab/>tab</text:p>"
        "<text:p>canary-sp<text:span>lit-run</text:span></text:p>"
        "<office:annotation><dc:creator>canary-annotator</dc:creator><text:p>canary-annotation</text:p>"
        "</office:annotation><text:note><text:note-body><text:p>canary-note</text:p></text:note-body></text:note>"
        "<table:table><table:table-row><table:table-cell><text:p>Name</text:p></table:table-cell>"
        "<table:table-cell><text:p>DOB</text:p></table:table-cell></table:table-row><table:table-row>"
        "<table:table-cell><text:p>canary-cell</text:p></table:table-cell>"
        "<table:table-cell><text:p>x</text:p></table:table-cell></table:table-row></table:table>"
        "<draw:frame><draw:text-box><text:p>canary-box</text:p></draw:text-box><svg:title>canary-alttitle</svg:title>"
        "<svg:desc>canary-description</svg:desc></draw:frame>"
        '<text:hidden-text text:string-value="canary-hiddentext"/>'
        '<text:p><text:a xlink:href="mailto:canary-link@example.org">mail</text:a></text:p>'
    )
    return zipped(
        {
            "mimetype": "application/vnd.oasis.opendocument.text",
            "content.xml": f"<office:document-content {office}>{body}</office:document-content>",
            "styles.xml": f"<office:document-styles {office}><style:header><text:p>canary-header</text:p>"
            "</style:header></office:document-styles>",
            "meta.xml": f"<office:document-meta {office}><dc:title>canary-core</dc:title></office:document-meta>",
            "Object 1/content.xml": f"<office:document-content {office}><text:p>canary-object</text:p>"
            "</office:document-content>",
        },
        zipfile.ZIP_STORED,
    )


ODT_PLACES = (
    "deleted", "body", "split-run", "annotator", "annotation", "note", "cell", "box", "alttitle", "description",
    "hiddentext", "link", "header", "core", "object",
)  # fmt: skip


def ods() -> bytes:
    """A sheet with a hidden row, made by odfpy."""
    from odf.opendocument import OpenDocumentSpreadsheet
    from odf.table import Table, TableCell, TableRow
    from odf.text import P

    book = OpenDocumentSpreadsheet()
    table = Table(name="canary-sheetname")
    for cells, more in ((("Name", "", "", "UPN"), {}), (("canary-cell", "", "", "A1"), {}),
                        (("canary-hiddenrow", "", "", "B2"), {"visibility": "collapse"})):  # fmt: skip
        row = TableRow(**more)
        for text in cells:
            cell = TableCell()
            if text:
                cell.addElement(P(text=text))
            row.addElement(cell)
        table.addElement(row)
    book.spreadsheet.addElement(table)
    return saved_odf(book)


def saved_odf(document) -> bytes:
    out = io.BytesIO()
    document.write(out)
    return out.getvalue()


def pdf() -> bytes:
    """A PDF with a marker in every place beside its page, too."""
    import pikepdf
    from reportlab.pdfgen import canvas

    out = io.BytesIO()
    page = canvas.Canvas(out)
    page.drawString(72, 720, "canary-page with enough text to be no scan")
    page.setFillColorRGB(1, 1, 1)
    page.drawString(72, 700, "canary-white")
    invisible = page.beginText(72, 680)
    invisible.setTextRenderMode(3)
    invisible.textOut("canary-invisible")
    page.drawText(invisible)
    page.bookmarkPage("a")
    page.addOutlineEntry("canary-bookmark", "a")
    page.showPage()
    page.save()
    with pikepdf.open(io.BytesIO(out.getvalue())) as document:
        annotation = document.make_indirect(
            pikepdf.Dictionary(
                Type=pikepdf.Name.Annot,
                Subtype=pikepdf.Name.Text,
                Rect=[0, 0, 9, 9],
                Contents="canary-annotation",
            )
        )
        field = document.make_indirect(
            pikepdf.Dictionary(
                Type=pikepdf.Name.Annot,
                Subtype=pikepdf.Name.Widget,
                FT=pikepdf.Name.Tx,
                Rect=[0, 0, 9, 9],
                T="canary-fieldname",
                V="canary-value",
                TU="canary-tip",
                DV="canary-default",
            )
        )
        document.pages[0].Annots = document.make_indirect(pikepdf.Array([annotation, field]))
        document.Root.AcroForm = pikepdf.Dictionary(Fields=[field])
        document.make_indirect(pikepdf.Dictionary(Contents="canary-unlinked"))
        document.Root.Spare = document.make_indirect(pikepdf.Dictionary(JS="canary-script"))
        document.attachments["note.txt"] = b"canary-attached"
        with document.open_metadata() as metadata:
            metadata["dc:description"] = "canary-xmp"
        document.docinfo["/Title"] = "canary-title"
        result = io.BytesIO()
        document.save(result)
    return result.getvalue()


PDF_PLACES = (
    "page", "white", "invisible", "bookmark", "title", "annotation", "fieldname", "value", "tip", "default",
    "script", "attached", "xmp",
)  # fmt: skip

HTML = """<!doctype html><html><head><title>canary-title</title><meta name="description" content="canary-meta">
<style>.x{color:red} .x:after{content: "canary-style"}</style></head>
<body><p>canary-para</p><p>canary-sp<b>lit-run</b></p>
<div style="display:none">canary-hidden</div><span style="font-size:0px">canary-tiny</span>
<p style="color:#fff">canary-white</p><p>943&nbsp;476&#8239;5919 &#99;anary-entity</p>
<table><tr><th>Name</th><th>NHS No</th></tr><tr><td>canary-cell<br>two</td><td>9434765919</td></tr></table>
<img alt="canary-alt" title="canary-tip"><input value="canary-value" placeholder="canary-hint">
<input type="hidden" name="a" value="canary-field"><a href="mailto:canary-mail@example.org">mail</a>
<!-- canary-note --><script>var a = "canary-script";</script><textarea>canary-area</textarea>
<noscript>canary-noscript</noscript><template><p>canary-template</p></template>
<a href="data:text/plain;base64,Y2FuYXJ5LWRhdGEgb2YgYSBsaW5r">link</a></body></html>"""
HTML_PLACES = (
    "title", "meta", "para", "split-run", "hidden", "tiny", "white", "entity", "cell", "alt", "tip", "value",
    "hint", "field", "mail", "note", "script", "area", "noscript", "style", "template", "data",
)  # fmt: skip

RTF = rb"""{\rtf1\ansi\ansicpg1252{\fonttbl{\f0 Arial;}}{\info{\title canary-title}{\author canary-author}}
{\header canary-header\par}{\footer canary-footer\par}canary-body\par {\v canary-vanished}
canary-sp{\b lit-run}\par {\footnote canary-footnote}{\*\annotation canary-comment}
{\deleted canary-deleted}{\field{\*\fldinst HYPERLINK "mailto:canary-instruction"}{\fldrslt canary-result}}
{\*\shpinst{\shptxt canary-shape}}caf\'e9-canary-accent \u8364?-canary-euro\par
\trowd Name\cell NHS No\cell\row\trowd canary-cell\cell 9434765919\cell\row
{\*\userprops{\propname a}{\staticval canary-property}}{\*\docvar {a}{canary-variable}}}"""
RTF_PLACES = (
    "title", "author", "header", "footer", "body", "vanished", "split-run", "footnote", "comment", "deleted",
    "instruction", "result", "shape", "accent", "euro", "cell", "property", "variable",
)  # fmt: skip

VCF = (
    b"BEGIN:VCARD\r\nVERSION:2.1\r\nFN:canary-name\r\nNOTE;ENCODING=QUOTED-PRINTABLE:canary=2Dnote=\r\n more\r\n"
    b"ADR:;;1 Mill La\r\n ne;canary-town\r\nEND:VCARD\r\n"
)
ICS = (
    b"BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nSUMMARY:canary-summary\r\nDESCRIPTION:one\\ncanary-descr\r\n"
    b" iption\r\nATTACH;ENCODING=BASE64;VALUE=BINARY:Y2FuYXJ5LWF0dGFjaGVk\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)
