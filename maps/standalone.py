"""placeholder"""

from geoplan.run import Run


def standalone(run: Run, language: str) -> bytes:
    return b""
