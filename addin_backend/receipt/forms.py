"""What people write into the forms, and what is wrong with it, in words that stand beside the field."""

import re
from collections.abc import Mapping

MOST = 120  # characters of an answer
NUMBER = re.compile(r"[+(]?[0-9][0-9 ()/.-]{5,30}(?: ?(?:x|ext\.?|extension) ?[0-9]{1,6})?", re.IGNORECASE)

PERSON = ("name", "job_title", "organisation", "telephone")
TOLD = ("name", "job_title")
MISSING = {
    "name": "Enter your full name",
    "job_title": "Enter your job title",
    "organisation": "Enter the name of your organisation",
    "telephone": "Enter a telephone number",
}
MISSING_OF_OTHER = {"name": "Enter the name of the person you told", "job_title": "Enter their job title"}
LONG = {
    "name": "Name must be 120 characters or fewer",
    "job_title": "Job title must be 120 characters or fewer",
    "organisation": "Organisation must be 120 characters or fewer",
    "telephone": "Telephone number must be 40 characters or fewer",
}


def problems_of_person(given: Mapping[str, str]) -> dict[str, str]:
    """Say what is wrong with what somebody says of themselves (R1), by field; {} where nothing is."""
    problems = _problems(given, MISSING)
    if "telephone" not in problems and not NUMBER.fullmatch(given["telephone"]):
        problems["telephone"] = "Enter a telephone number, like 01632 960 001 or +44 808 157 0192"
    return problems


def problems_of_told(given: Mapping[str, str]) -> dict[str, str]:
    """Say what is wrong with what a sender says of the person whom they told the password (T1, R1)."""
    return _problems(given, MISSING_OF_OTHER)


def _problems(given: Mapping[str, str], missing: Mapping[str, str]) -> dict[str, str]:
    problems = {}
    for name, words in missing.items():
        if not given[name]:
            problems[name] = words
        elif len(given[name]) > MOST:
            problems[name] = LONG[name]
    return problems
