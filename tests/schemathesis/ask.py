"""Fetches a document: `ask.py URL FILE`."""

import sys
from urllib.request import urlopen

url, file = sys.argv[1:]
with urlopen(url, timeout=10) as answer, open(file, "wb") as out:
    out.write(answer.read())
