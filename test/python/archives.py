"""Writes ZIP archives as Python's zipfile makes them, into the folder that is given."""

import os
import sys
import zipfile

folder = sys.argv[1]
text = b"text " * 1000


def archive(name):
    return zipfile.ZipFile(os.path.join(folder, name), "w")


with archive("methods.zip") as zip:
    zip.writestr("stored.txt", text, zipfile.ZIP_STORED)
    zip.writestr("deflated.txt", text, zipfile.ZIP_DEFLATED)
    zip.writestr("bzip2.txt", text, zipfile.ZIP_BZIP2)
    zip.writestr("lzma.txt", text, zipfile.ZIP_LZMA)
    zip.comment = b"PK\x05\x06 a comment that looks like an end"

with archive("zip64.zip") as zip:
    with zip.open("wide.txt", "w", force_zip64=True) as file:
        file.write(text)


class Unseekable:
    """A file as a pipe: zipfile writes data descriptors behind what it could not announce."""

    def __init__(self, file):
        self.write, self.flush = file.write, file.flush


with open(os.path.join(folder, "descriptors.zip"), "wb") as file:
    with zipfile.ZipFile(Unseekable(file), "w", zipfile.ZIP_DEFLATED) as zip:
        zip.writestr("piped.txt", text)

with open(os.path.join(folder, "prefixed.zip"), "wb") as file:
    file.write(b"#!/bin/sh\nexit\n")
    with zipfile.ZipFile(file, "a", zipfile.ZIP_DEFLATED) as zip:
        zip.writestr("after.txt", text)
