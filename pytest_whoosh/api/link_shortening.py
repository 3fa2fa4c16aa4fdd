"""The Link Shortening resources: domains for short links, their configuration, and their Messaging Services.

See https://www.twilio.com/docs/messaging/api/link-shortening-resource (its pages on domains and services)
"""

from typing import NoReturn

from pytest_whoosh.engine.account.resources import LinkDomain, MessagingService
from pytest_whoosh.engine.errors import ApiError
from pytest_whoosh.engine.sids import Prefix, is_sid

from .dates import format_iso8601
from .forms import read_changes
from .routing import ApiResult, Call, Routes

routes = Routes("/v1/LinkShortening")


# Services and their domain


@routes.post("/Domains/{domain_sid}/MessagingServices/{service_sid}")
def create_linkshortening_messaging_service(call: Call, domain_sid: str, service_sid: str) -> ApiResult:
    """Assign a domain to a service. The service then shortens links with it."""
    domain, service = _domain_or_404(call, domain_sid), _service_or_404(call, service_sid)
    if service.link_shortening_domain not in (None, domain):
        raise ApiError(30130)
    service.link_shortening_domain = domain
    return ApiResult(_render_association(call, domain, service), 201)


@routes.delete("/Domains/{domain_sid}/MessagingServices/{service_sid}")
def delete_linkshortening_messaging_service(call: Call, domain_sid: str, service_sid: str) -> ApiResult:
    """Remove a service's domain. The service then shortens no links."""
    domain, service = _domain_or_404(call, domain_sid), _service_or_404(call, service_sid)
    if service.link_shortening_domain is not domain:
        raise call.not_found()
    service.link_shortening_domain = None
    return ApiResult(None, 204)


@routes.get("/MessagingServices/{service_sid}/Domain")
def fetch_linkshortening_messaging_service_domain_association(call: Call, service_sid: str) -> ApiResult:
    """Fetch a service's domain."""
    service = _service_or_404(call, service_sid)
    return ApiResult(_render_association(call, _domain_of_or_404(call, service), service))


# Configuration


@routes.post("/Domains/{domain_sid}/Config")
def update_domain_config(call: Call, domain_sid: str) -> ApiResult:
    """Change a domain's configuration: the fallback URL for old links, the callback URL for clicks, the link format."""
    domain = _domain_or_404(call, domain_sid)
    call.vendor.update(domain, read_changes(LinkDomain, call.request.form))
    return ApiResult(_render_config(call, domain), sid=domain.config_sid)


@routes.get("/Domains/{domain_sid}/Config")
def fetch_domain_config(call: Call, domain_sid: str) -> ApiResult:
    """Fetch a domain's configuration."""
    domain = _domain_or_404(call, domain_sid)
    return ApiResult(_render_config(call, domain), sid=domain.config_sid)


@routes.get("/MessagingService/{service_sid}/DomainConfig")
def fetch_domain_config_messaging_service(call: Call, service_sid: str) -> ApiResult:
    """Fetch the configuration of a service's domain."""
    service = _service_or_404(call, service_sid)
    document = _render_config(call, _domain_of_or_404(call, service))
    del document["disable_https"]
    return ApiResult({**document, "messaging_service_sid": service.sid, "url": _request_url(call)})


# Out of scope


@routes.post("/Domains/{domain_sid}/Certificate")
@routes.get("/Domains/{domain_sid}/Certificate")
@routes.delete("/Domains/{domain_sid}/Certificate")
@routes.post("/Domains/{domain_sid}/RequestManagedCert")
@routes.get("/Domains/{domain_sid}/ValidateDns")
def refuse_domain_setup(call: Call, **_: str) -> NoReturn:
    """Refuse certificates and DNS. They are not faked, because a double's domain needs neither."""
    refusal = call.not_found()
    raise ApiError(
        20404,
        message=f"{refusal.message}: pytest-whoosh does not fake certificates or DNS for link-shortening domains. "
        "The double's domains are already verified.",
    )


# Lookups of the records that a path names


def _domain_or_404(call: Call, sid: str) -> LinkDomain:
    if not is_sid(sid, Prefix.LINK_DOMAIN):
        raise ApiError(30100)
    domain = call.account.resources.records_of(LinkDomain).get(sid)
    if domain is None:
        raise call.not_found()
    return domain


def _service_or_404(call: Call, sid: str) -> MessagingService:
    if not is_sid(sid, Prefix.MESSAGING_SERVICE):
        raise ApiError(30127)
    service = call.account.resources.services.get(sid)
    if service is None:
        raise call.not_found()
    return service


def _domain_of_or_404(call: Call, service: MessagingService) -> LinkDomain:
    if service.link_shortening_domain is None:
        raise call.not_found()
    return service.link_shortening_domain


# JSON


def _render_association(call: Call, domain: LinkDomain, service: MessagingService) -> dict[str, object]:
    return {"domain_sid": domain.sid, "messaging_service_sid": service.sid, "url": _request_url(call)}


def _render_config(call: Call, domain: LinkDomain) -> dict[str, object]:
    return {
        "domain_sid": domain.sid,
        "config_sid": domain.config_sid,
        "fallback_url": domain.fallback_url,
        "callback_url": domain.callback_url,
        "continue_on_failure": domain.continue_on_failure,
        "disable_https": domain.disable_https,
        "date_created": format_iso8601(domain.date_created),
        "date_updated": format_iso8601(domain.date_updated),
        "url": _request_url(call),
    }


def _request_url(call: Call) -> str:
    return call.request.origin + call.request.path
