"""The pages of data in: the list of unfinished uploads, one upload, its steps."""

from __future__ import annotations

from dataclasses import replace

from flask import make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from geoplan.errors import NotFoundError
from maps import story, workspace
from maps.jobs import records
from maps.jobs import start as start_job
from maps.jobs.alive import living
from maps.people import audit, may_change, needs
from maps.state import language_links, request_language, workspace_folder
from maps.upload import checking, rows, saying, staging
from maps.upload.accepting import BROUGHT_IN, accept
from maps.upload.blueprint import pages
from maps.upload.making import digest_of, heavy
from maps.upload.receiving import full
from maps.upload.record import Upload, load
from maps.upload.settings import number
from maps.upload.taking import take


@pages.get("/upload")
@needs("planner")
def start() -> str:
    """Where files are sent, and the unfinished uploads of who asks."""
    language = request_language()
    return render_template(
        "upload.html",
        uploads=[rows.upload_row(one, language) for one in staging.mine()],
        most={"mb": number("UPLOAD_MB"), "files": number("UPLOAD_FILES")},
        nothing="nothing" in request.args,
        languages=language_links(),
    )


@pages.post("/upload")
@needs("planner", costly=True)
def receive() -> AnyResponse:
    """Files for a new upload."""
    sent = [one for one in request.files.getlist("files") if one.filename]
    if not sent:
        return redirect(url_for("upload.start", nothing=1, lang=request_language()), 303)
    upload = staging.begin()
    try:
        upload = take(upload, sent)
        staging.keep(upload)
    except BaseException:
        staging.delete(upload)
        raise
    audit("upload", None, upload=upload.id, files=len(sent))
    return _to(upload.id)


@pages.get("/upload/<upload_id>")
@needs("planner")
def one(upload_id: str) -> str:
    """One upload: its files, what they are for, what is wrong with them, and whether it can be accepted."""
    return _page(staging.found(upload_id))


@pages.post("/upload/<upload_id>/files")
@needs("planner", costly=True)
def receive_more(upload_id: str) -> AnyResponse:
    """More files; with ``replaces`` the data set of that number gives its place to what comes."""
    sent = [one for one in request.files.getlist("files") if one.filename]
    with staging.changing(upload_id) as upload:
        old = upload.item(request.form.get("replaces", 0, type=int))
        before = {item.number for item in upload.items}
        if old is not None:
            upload = upload.with_item(replace(old, replaced=True))
        upload = take(upload, sent)
        if old is not None:
            upload = _in_place(upload, old.number, before)
        staging.keep(upload)
    audit("upload", None, upload=upload_id, files=len(sent))
    return _to(upload_id)


def _in_place(upload: Upload, number_: int, before: set[int]) -> Upload:
    """What came takes the role of what it replaces; where nothing usable came, the old one stays."""
    old = upload.item(number_)
    assert old is not None
    new = [item for item in upload.items if item.number not in before and item.look.kind == old.look.kind]
    if not new:
        return upload.with_item(replace(old, replaced=False))
    heir = new[0]
    named = heir.sheet if old.sheet is None else old.sheet
    return upload.with_item(
        replace(heir, role=old.role, sheet=named, columns=old.columns, datum=old.datum, crs=old.crs)
    )


@pages.post("/upload/<upload_id>/roles")
@needs("planner", costly=True)
def say_roles(upload_id: str) -> AnyResponse:
    """What each file is for and the details of the plan; then the data are checked."""
    with staging.changing(upload_id) as upload:
        upload = saying.with_roles(upload, request.form)
        staging.keep(upload)
        if request.form.get("do") == "check":
            _check(upload)
    return _to(upload_id, "report" if request.form.get("do") == "check" else "roles")


@pages.post("/upload/<upload_id>/check")
@needs("planner", costly=True)
def check(upload_id: str) -> AnyResponse:
    """The data doctor on the plan as it is now."""
    with staging.changing(upload_id) as upload:
        _check(upload)
    return _to(upload_id, "report")


def _check(upload: Upload) -> None:
    """Check at once, or let the worker do it where it takes longer than a page may."""
    if heavy(upload, staging.folder_of(upload.id)) and living(workspace_folder()):
        start_job("upload", None, {"upload": upload.id, "of": digest_of(upload)})
        return
    try:
        checking.check(upload, staging.folder_of(upload.id))
    except OSError as error:
        if error.errno in (28, 122):
            raise full() from None
        raise


@pages.post("/upload/<upload_id>/ticks")
@needs("planner")
def tick(upload_id: str) -> AnyResponse:
    """Notices ticked as read."""
    with staging.changing(upload_id) as upload:
        listed, ticked = set(request.form.getlist("listed")), set(request.form.getlist("read"))
        known = {group.key for group in checking.to_tick(upload, checking.last_report(staging.folder_of(upload_id)))}
        staging.keep(saying.with_ticks(upload, {key: key in ticked for key in listed & known}))
    return _to(upload_id, "accept")


@pages.post("/upload/<upload_id>/accept")
@needs("planner")
def make_plan(upload_id: str) -> AnyResponse:
    """Accept the upload: it becomes a plan."""
    with staging.changing(upload_id) as upload:
        upload = saying.with_roles(upload, {key: request.form[key] for key in ("plan_id",) if key in request.form})
        staging.keep(upload)
        against = accept(upload)
    if against:
        return make_response(_page(upload, against), 409)
    return redirect(url_for("upload.brought_in", plan_id=upload.said["plan_id"], lang=request_language()), 303)


@pages.post("/upload/<upload_id>/delete")
@needs("planner")
def drop(upload_id: str) -> AnyResponse:
    """Delete an upload with its files."""
    with staging.changing(upload_id) as upload:
        staging.delete(upload)
    audit("upload", None, deleted=upload_id)
    return redirect(url_for("upload.start", lang=request_language()), 303)


@pages.get("/plans/<plan_id>/brought-in")
def brought_in(plan_id: str) -> str:
    """How the data of a plan came in: originals, what each is for, what was ticked and corrected; the way on."""
    plan = workspace.find_plan(workspace_folder(), plan_id)
    upload = load(plan.folder, BROUGHT_IN)
    if upload is None:
        raise NotFoundError(f"plan {plan_id!r} was not brought in through this service")
    return render_template(
        "brought_in.html",
        languages=language_links(),
        plan_id=plan_id,
        title=story.local_text(plan.texts, "title", request_language()),
        changeable=may_change(plan_id),
        computed=bool(plan.runs),
        **rows.origin(upload, request_language()),
    )


def _page(upload: Upload, against: list[str] | None = None) -> str:
    language = request_language()
    return render_template(
        "upload_one.html",
        languages=language_links(),
        against=against or [],
        most={"mb": number("UPLOAD_MB"), "files": number("UPLOAD_FILES")},
        job=_job(upload),
        **rows.page(upload, language),
    )


def _job(upload: Upload) -> str | None:
    """The job that checks the upload now."""
    live = records.listed(workspace_folder(), states=records.LIVE, kind="upload")
    return next((job.id for job in live if job.params.get("upload") == upload.id), None)


def _to(upload_id: str, part: str = "") -> AnyResponse:
    address = url_for("upload.one", upload_id=upload_id, lang=request_language(), _anchor=part or None)
    return redirect(address, 303)
