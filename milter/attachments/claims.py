"""What a file's name and declared type claim. Only a claim that no honest program makes wrongly is a lie.

Programs name HTML and CSV '.xls', RTF '.doc', and declare half of all files as octet-stream: no lies.
"""

TEXTS = frozenset(
    ("text", "csv", "html", "xml", "svg", "eml", "mbox", "calendar", "vcard", "pgp", "rtf", "empty")
)
WORD = frozenset(
    ("doc", "docx", "rtf", "odt", "html", "xml", "text", "eml", "ooxml", "locked-office", "empty")
)
SHEET = frozenset(
    ("xls", "xlsx", "xlsb", "ods", "html", "xml", "text", "csv", "eml", "ooxml", "locked-office", "empty")
)
SLIDES = frozenset(("ppt", "pptx", "odp", "html", "xml", "eml", "ooxml", "locked-office", "empty"))
PICTURE = frozenset(
    ("png", "jpeg", "gif", "bmp", "tiff", "webp", "heic", "icon", "emf", "wmf", "psd", "jp2", "svg", "empty")
)
SOUND = frozenset(("mp3", "wav", "ogg", "flac", "midi", "video", "empty"))
ZIPPED = frozenset(
    ("zip", "docx", "xlsx", "pptx", "xlsb", "vsdx", "ooxml", "odt", "ods", "odp", "odg", "epub", "empty")
)

ENDINGS: tuple[tuple[tuple[str, ...], frozenset[str]], ...] = (
    (("doc", "docx", "docm", "dot", "dotx", "odt"), WORD),
    (("xls", "xlsx", "xlsm", "xlsb", "ods"), SHEET),
    (("ppt", "pptx", "pptm", "pps", "ppsx", "odp"), SLIDES),
    (("pdf",), frozenset(("pdf", "empty"))),
    (("png", "jpg", "jpeg", "gif", "bmp", "tif", "tiff", "webp", "heic", "ico"), PICTURE),
    (("mp3", "wav", "ogg", "flac", "mp4", "mov", "avi", "mkv", "m4a", "wmv", "mpg"), SOUND),
    (("zip",), ZIPPED),
    (("txt", "csv", "tsv", "htm", "html", "ics", "vcf", "xml", "log", "md", "json"), TEXTS),
    (("rtf",), frozenset(("rtf", "doc", "docx", "text", "empty"))),
    (("7z",), frozenset(("7z",))),
    (("rar",), frozenset(("rar",))),
    (("msg",), frozenset(("msg", "eml"))),
    (("eml",), TEXTS),
)
DECLARED: tuple[tuple[str, frozenset[str]], ...] = (
    ("application/pdf", frozenset(("pdf", "empty"))),
    ("application/msword", WORD),
    ("application/vnd.openxmlformats-officedocument.wordprocessingml", WORD),
    ("application/vnd.openxmlformats-officedocument.spreadsheetml", SHEET),
    ("application/vnd.openxmlformats-officedocument.presentationml", SLIDES),
    ("application/vnd.ms-excel", SHEET),
    ("application/vnd.ms-powerpoint", SLIDES),
    ("image/", PICTURE),
    ("audio/", SOUND),
    ("video/", SOUND),
    ("text/", TEXTS),
)
BY_ENDING = {ending: accepted for endings, accepted in ENDINGS for ending in endings}


def claim_of(name: str, declared: str) -> list[frozenset[str]]:
    """For each claim that is made, the formats that bear it out."""
    claims: list[frozenset[str]] = []
    stem, dot, ending = name.lower().rstrip(" .").rpartition(".")
    if dot and stem and ending in BY_ENDING:
        claims.append(BY_ENDING[ending])
    for start, accepted in DECLARED:
        if declared.startswith(start):
            claims.append(accepted)
    return claims
