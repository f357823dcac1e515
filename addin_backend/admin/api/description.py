"""The API's description (OpenAPI 3.1), made of its table, so that the two can't differ."""

import re
from typing import Any

from addin_backend.admin.api.call import TITLES, ApiDoor
from addin_backend.admin.api.table import API
from milter import __version__

ERRORS = (401, 403, 404, 409, 413, 422, 503)
PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "field": {"type": "string"},
    },
}


def description(url: str) -> dict[str, Any]:
    """Give the description as it is served."""
    paths: dict[str, dict[str, Any]] = {}
    for door in API:
        paths.setdefault(door.path, {})[door.method.lower()] = _operation(door)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Sealgate",
            "version": __version__,
            "description": "Held messages, the record of sharing, protected documents and figures. "
            "A token acts for an account, with the roles that both have.",
        },
        "servers": [{"url": f"{url}/api/v1"}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {"Problem": PROBLEM},
        },
    }


def _operation(door: ApiDoor) -> dict[str, Any]:
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"{(\w+)}", door.path)
    ]
    parameters += [
        {"name": name, "in": "query", "required": False, "schema": schema}
        for name, schema in (door.query or {}).items()
    ]
    told: dict[str, Any] = {
        "operationId": f"{door.method.lower()}{door.path.replace('/', '-').replace('{', '').replace('}', '')}",
        "summary": door.summary,
        "description": f"{(door.act.__doc__ or '').strip()} Roles: {', '.join(sorted(door.who))}.",
        "parameters": parameters,
        "responses": _responses(door),
    }
    if door.body is not None:
        told["requestBody"] = {"required": True, "content": {"application/json": {"schema": door.body}}}
    return told


def _responses(door: ApiDoor) -> dict[str, Any]:
    done = {"description": "Done", "content": {"application/json": {"schema": {"type": "object"}}}}
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    errors = {str(status): {"description": TITLES[status], "content": problem} for status in ERRORS}
    return {str(door.status): done, **errors}
