"""Runs under the system's Python with UNO: opens documents in LibreOffice and says how they opened.

Usage: office_opens.py PORT < list, one document a line: path, tab, password ('' for none).
Prints one line for each: 'opened read-only', 'opened editable' or 'refused'.
"""

import contextlib
import sys
import time

import uno
from com.sun.star.beans import PropertyValue
from com.sun.star.connection import NoConnectException


def property_of(name, value):
    """A UNO property."""
    made = PropertyValue()
    made.Name, made.Value = name, value
    return made


def desktop(port):
    """The running office; waits for its start."""
    local = uno.getComponentContext()
    resolver = local.ServiceManager.createInstanceWithContext("com.sun.star.bridge.UnoUrlResolver", local)
    for _ in range(300):
        try:
            context = resolver.resolve(
                f"uno:socket,host=127.0.0.1,port={port};urp;StarOffice.ComponentContext"
            )
            return context.ServiceManager.createInstanceWithContext("com.sun.star.frame.Desktop", context)
        except NoConnectException:
            time.sleep(0.2)
    sys.exit("no office")


def verdict(office, path, password):
    """How one document opens."""
    properties = [property_of("Hidden", True)]
    if password:
        properties.append(property_of("Password", password))
    try:
        document = office.loadComponentFromURL(uno.systemPathToFileUrl(path), "_blank", 0, tuple(properties))
    except Exception as error:
        return f"refused ({type(error).__name__})"
    if document is None:
        return "refused"
    read_only = document.isReadonly()
    document.close(True)
    return "opened read-only" if read_only else "opened editable"


def main():
    """Open each document of the list."""
    office = desktop(int(sys.argv[1]))
    for line in sys.stdin:
        path, _, password = line.rstrip("\n").partition("\t")
        sys.stdout.write(verdict(office, path, password) + "\n")
    with contextlib.suppress(Exception):  # it goes without a word
        office.terminate()


main()
