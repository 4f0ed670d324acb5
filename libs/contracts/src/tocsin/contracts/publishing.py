"""The contracts as documents: JSON Schemas, and one AsyncAPI 3.0 description of the topics.

``python -m tocsin.contracts.publishing docs/contracts`` writes them; a test keeps them up to date.
"""

import json
import sys
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from tocsin.contracts.message import Event, Part
from tocsin.contracts.subscriptions import Subscriptions
from tocsin.contracts.summary import AlertsSummarised
from tocsin.contracts.teamsfile import TeamsFile
from tocsin.contracts.topics import TOPICS, Topic

Document = dict[str, Any]  # a JSON object

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schemas() -> dict[str, Document]:
    """The JSON Schema of each message, of a summary and of teams.yaml, by file name."""
    models: list[type[BaseModel]] = [
        *(topic.value for topic in TOPICS),
        AlertsSummarised,
        Subscriptions,
        TeamsFile,
    ]
    return {f"{model.__name__}.json": schema(model) for model in models}


def schema(model: type[BaseModel]) -> Document:
    """The JSON Schema of what a writer produces; readers ignore fields that it does not name."""
    return {"$schema": DIALECT} | model.model_json_schema(mode=_mode(model))


def _mode(model: type[BaseModel]) -> JsonSchemaMode:
    return "serialization" if issubclass(model, Part) else "validation"


def asyncapi() -> Document:
    """The topics as an AsyncAPI 3.0 document, from a subscriber's point of view."""
    values = [(topic.value, _mode(topic.value)) for topic in TOPICS]
    _, definitions = models_json_schema(values, ref_template="#/components/schemas/{model}")
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Tocsin",
            "version": "1.0.0",
            "description": "Regulatory notices and whom they concern. CloudEvents 1.0, Kafka binary mode.",
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {_name(topic): _channel(topic) for topic in TOPICS},
        "operations": {f"receive{_name(topic)}": _operation(topic) for topic in TOPICS},
        "components": {
            "messages": {_name(topic): _message(topic) for topic in TOPICS},
            "schemas": definitions["$defs"],
        },
    }


def write(folder: Path) -> list[Path]:
    """Write every document below ``folder``; gives the files."""
    documents = {"asyncapi.json": asyncapi()} | {f"schemas/{name}": body for name, body in schemas().items()}
    for name, body in documents.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(body, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return [folder / name for name in documents]


def _name(topic: Topic) -> str:
    return topic.value.__name__


def _channel(topic: Topic) -> Document:
    return {
        "address": topic.name,
        "description": topic.purpose,
        "messages": {_name(topic): {"$ref": f"#/components/messages/{_name(topic)}"}},
        "bindings": {
            "kafka": {
                "bindingVersion": "0.5.0",
                "partitions": topic.partitions,
                "topicConfiguration": {
                    "cleanup.policy": ["compact" if topic.compacted else "delete"],
                    "retention.ms": int(topic.config()["retention.ms"]),
                },
            }
        },
    }


def _operation(topic: Topic) -> Document:
    return {
        "action": "receive",
        "channel": {"$ref": f"#/channels/{_name(topic)}"},
        "messages": [{"$ref": f"#/channels/{_name(topic)}/messages/{_name(topic)}"}],
    }


def _message(topic: Topic) -> Document:
    message: Document = {
        "name": _name(topic),
        "summary": (topic.value.__doc__ or "").split("\n", 1)[0],
        "contentType": "application/json",
        "payload": {"$ref": f"#/components/schemas/{_name(topic)}"},
        "bindings": {
            "kafka": {"bindingVersion": "0.5.0", "key": {"type": "string", "description": topic.key}}
        },
    }
    if issubclass(topic.value, Event):
        message["headers"] = _headers(topic.value.type)
    return message


def _headers(event_type: str) -> Document:
    text = {"type": "string"}
    return {
        "type": "object",
        "required": ["ce_specversion", "ce_type", "ce_source", "ce_id", "ce_time", "content-type"],
        "properties": {
            "ce_specversion": {"const": "1.0"},
            "ce_type": {"const": event_type},
            "ce_source": text | {"format": "uri-reference"},
            "ce_id": text,
            "ce_time": text | {"format": "date-time"},
            "content-type": {"const": "application/json"},
            "traceparent": text | {"description": "W3C trace context."},
        },
    }


if __name__ == "__main__":
    for written in write(Path(sys.argv[1])):
        sys.stdout.write(f"{written}\n")
