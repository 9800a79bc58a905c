"""Checks that `sam build` made a binary for the processor of the template for every function.

Usage: check_build.py DIRECTORY
"""

import pathlib
import struct
import sys

from transformed import transformed

# The field `e_machine` of an ELF file.
MACHINES = {"arm64": 183, "x86_64": 62}


def machine(binary):
    """The processor of an ELF file."""
    with binary.open("rb") as file:
        header = file.read(20)
    assert header[:4] == b"\x7fELF", f"{binary} is no ELF file"
    return struct.unpack_from("<H", header, 18)[0]


def main():
    functions = {
        name: made["Properties"]["Architectures"]
        for name, made in transformed()["Resources"].items()
        if made["Type"] == "AWS::Lambda::Function"
    }
    for name, (architecture,) in functions.items():
        binary = pathlib.Path(sys.argv[1], name, "bootstrap")
        if not binary.exists() or machine(binary) != MACHINES[architecture]:
            sys.exit(f"{binary} is not built for {architecture}")
    print(f"{len(functions)} functions are built for their processor")


if __name__ == "__main__":
    main()
