"""The Content resource: content templates, and their approval by WhatsApp.

See https://www.twilio.com/docs/content/content-api-resources
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from pytest_whoosh.api.forms import missing_parameter, read_json_object
from pytest_whoosh.engine.account.content import read_defaults, read_types
from pytest_whoosh.engine.account.resources import Approval, ContentTemplate
from pytest_whoosh.engine.errors import ApiError

from .dates import format_iso8601
from .paging import list_result_v1
from .routing import ApiResult, Call, Routes

routes = Routes("/v1")

CATEGORIES: Final = ("UTILITY", "MARKETING", "AUTHENTICATION")

#: The approval of a template that was never submitted.
_UNSUBMITTED: Final = Approval(name="", category="")
_SHOWN_IF_UNSUBMITTED: Final = {"direct_send": None, "flows": None, "send_ttl_seconds": None}
_NAME: Final = re.compile("[a-z0-9_]{1,512}")


@routes.post("/Content")
def create_content(call: Call) -> ApiResult:
    """Create a content template."""
    given = _read_json(call, "language", "types")
    if not isinstance(given["language"], str):
        raise _invalid("language is a text")
    template = call.vendor.create(
        ContentTemplate,
        call.account,
        types=_read_or_refuse(read_types, given["types"]),
        language=given["language"],
        friendly_name=_friendly_name(given),
        variables=_read_or_refuse(read_defaults, given.get("variables")),
    )
    return ApiResult(_render(call, template), 201, template.sid)


@routes.get("/Content")
def list_content(call: Call) -> ApiResult:
    """List content templates, newest first."""
    return list_result_v1(call, "contents", call.account.resources.templates, lambda each: _render(call, each))


@routes.get("/Content/{sid}")
def fetch_content(call: Call, sid: str) -> ApiResult:
    """Fetch a content template."""
    return ApiResult(_render(call, _template_or_404(call, sid)), sid=sid)


@routes.put("/Content/{sid}")
def update_content(call: Call, sid: str) -> ApiResult:
    """Change a content template that was not submitted for approval. Its language cannot change."""
    template = _template_or_404(call, sid)
    given = _read_json(call, "types")
    if template.approval:
        raise ApiError(20409, message="A content template that was submitted for approval cannot be changed")
    if given.get("language") not in (None, template.language):
        raise _invalid(f"language stays {template.language}")
    types = _read_or_refuse(read_types, given["types"])
    variables = _read_or_refuse(read_defaults, given["variables"]) if given.get("variables") else template.variables
    template.friendly_name = _friendly_name(given) or template.friendly_name
    template.types, template.variables, template.date_updated = types, variables, call.vendor.now
    return ApiResult(_render(call, template), sid=sid)


@routes.delete("/Content/{sid}")
def delete_content(call: Call, sid: str) -> ApiResult:
    """Delete a content template. Messages that were sent with it stay."""
    _template_or_404(call, sid)
    call.account.resources.templates.remove(sid)
    return ApiResult(None, 204, sid)


# Approval


@routes.post("/Content/{sid}/ApprovalRequests/whatsapp")
def create_approval_create(call: Call, sid: str) -> ApiResult:
    """Submit a content template for approval by WhatsApp. Its first status is ``received``."""
    template = _template_or_404(call, sid)
    given = _read_json(call, "name", "category")
    name, category = given["name"], given["category"]
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise _invalid("name consists of lower-case letters, digits and underscores")
    if category not in CATEGORIES:
        raise _invalid(f"category is one of {', '.join(CATEGORIES)}")
    if template.approval:
        raise ApiError(20409, message="The content template was already submitted for approval")
    template.approval = Approval(
        name=name, category=category, allow_category_change=given.get("allow_category_change") is not False
    )
    template.approval.set_status("received", call.vendor.steady)
    return ApiResult(_render_approval(call, template), 201, sid)


@routes.get("/Content/{sid}/ApprovalRequests")
def fetch_approval_fetch(call: Call, sid: str) -> ApiResult:
    """Fetch the request to approve a content template, and WhatsApp's decision."""
    template = _template_or_404(call, sid)
    document = {
        "sid": template.sid,
        "account_sid": template.account_sid,
        "whatsapp": {"type": "whatsapp", **_render_approval(call, template)},
        "url": f"{_url(call, template)}/ApprovalRequests",
    }
    return ApiResult(document, sid=sid)


@routes.get("/ContentAndApprovals")
def list_content_and_approvals(call: Call) -> ApiResult:
    """List content templates with their approvals, newest first."""

    def render(template: ContentTemplate) -> dict[str, object]:
        return {**_render_content(template), "approval_requests": _render_approval(call, template)}

    return list_result_v1(call, "contents", call.account.resources.templates, render)


@routes.get("/LegacyContent")
def list_legacy_content(call: Call) -> ApiResult:
    """List content templates in the older form without content types, newest first."""

    def render(template: ContentTemplate) -> dict[str, object]:
        name = template.approval.name if template.approval else template.friendly_name
        body = next((content["body"] for content in template.types.values() if content.get("body")), None)
        return {
            **_render_content(template),
            "legacy_template_name": name,
            "legacy_body": body,
            "url": _url(call, template),
        }

    return list_result_v1(call, "contents", call.account.resources.templates, render)


# Reading


def _template_or_404(call: Call, sid: str) -> ContentTemplate:
    template = call.account.resources.templates.get(sid)
    if template is None:
        raise call.not_found()
    return template


def _read_json(call: Call, *required: str) -> Mapping[str, Any]:
    given: dict[str, Any] = _read_or_refuse(read_json_object, call.request)
    for name in required:
        if given.get(name) in (None, ""):
            raise missing_parameter(name)
    return given


def _friendly_name(given: Mapping[str, Any]) -> str | None:
    name = given.get("friendly_name")
    if name is not None and not isinstance(name, str):
        raise _invalid("friendly_name is a text")
    return name


def _read_or_refuse(read: Any, value: object) -> Any:
    try:
        return read(value)
    except ValueError as problem:
        raise _invalid(str(problem)) from None
    except RecursionError:  # raised while the error's text was built
        raise _invalid("the body is nested too deeply") from None


def _invalid(why: str) -> ApiError:
    return ApiError(20422, message=f"Invalid Parameter: {why}")


# JSON


def _render(call: Call, template: ContentTemplate) -> dict[str, object]:
    url = _url(call, template)
    return {
        **_render_content(template),
        "url": url,
        "links": {
            "approval_create": f"{url}/ApprovalRequests/whatsapp",
            "approval_fetch": f"{url}/ApprovalRequests",
        },
    }


def _render_content(template: ContentTemplate) -> dict[str, object]:
    return {
        "date_created": format_iso8601(template.date_created),
        "date_updated": format_iso8601(template.date_updated),
        "sid": template.sid,
        "account_sid": template.account_sid,
        "friendly_name": template.friendly_name,
        "language": template.language,
        "variables": dict(template.variables),
        "types": dict(template.types),
    }


def _render_approval(call: Call, template: ContentTemplate) -> dict[str, object]:
    approval = template.approval or _UNSUBMITTED
    document: dict[str, object] = {
        "name": approval.name,
        "category": approval.category,
        "content_type": next(iter(template.types)) if template.approval else "",
        "status": template.approval_status(call.vendor.steady),
        "rejection_reason": approval.rejection_reason,
        "allow_category_change": approval.allow_category_change,
    }
    return document if template.approval else {**document, **_SHOWN_IF_UNSUBMITTED}


def _url(call: Call, template: ContentTemplate) -> str:
    return f"{call.request.origin}/v1/Content/{template.sid}"
