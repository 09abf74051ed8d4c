"""Data in, in an application: limits, the look before a request is read, the pages."""

from __future__ import annotations

from flask import Flask

from maps.upload import pages, receiving, settings, tablepages
from maps.upload.blueprint import pages as blueprint

MODULES = (pages, tablepages)  # each adds its pages to the blueprint


def attach(app: Flask) -> None:
    """Put data in into an application, before the guard: what is too large is not read to know who sends it."""
    settings.attach(app)
    app.request_class = receiving.UploadRequest
    app.register_blueprint(blueprint)
    app.before_request(receiving.weigh)
