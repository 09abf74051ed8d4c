"""The pages of data in, one blueprint; the modules beside this one add to it."""

from flask import Blueprint

pages = Blueprint("upload", __name__)
