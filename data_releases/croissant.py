"""`croissant.json`: the release for machines that look for data sets (MLCommons Croissant with its RAI fields). Pure.

Source: https://docs.mlcommons.org/croissant/docs/croissant-spec.html and croissant-rai-spec.html.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

import pyarrow as pa

from data_releases import schema
from data_releases.audio import FOLDER, SUFFIX
from data_releases.documents import title
from data_releases.manifest import sha256

_CONTEXT: Final[dict[str, Any]] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
_AUDIO: Final = {
    "@type": "cr:FileSet",
    "@id": "audio",
    "name": "audio",
    "description": "Clips of music as they were heard; the record set `clips` has the path and the SHA-256 of each.",
    "encodingFormat": "audio/mpeg",
    "includes": f"{FOLDER}/*{SUFFIX}",
}
_LICENCES: Final = {"CC BY 4.0": "https://creativecommons.org/licenses/by/4.0/"}


def croissant(manifest: Mapping[str, Any], content: Mapping[str, bytes]) -> bytes:
    """The description of the Parquet files.

    Args:
        manifest: before its `files`.
        content: the files so far, by path.
    """
    name = f"preference-arena-{manifest['arena']}-{manifest['release']}"
    described = {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": ["http://mlcommons.org/croissant/1.0", "http://mlcommons.org/croissant/RAI/1.0"],
        "name": name,
        "description": "Blind pairwise comparisons of generative systems by visitors of an arena: battles with the "
        "probability of their draw, every vote, and texts with consent.",
        "license": _LICENCES.get(manifest["licence"], manifest["licence"]),
        "url": f"urn:preference-arena:{manifest['arena']}:{manifest['release']}",
        "version": f"{manifest['schema_version']}.0.0",
        "datePublished": manifest["created"],
        "citeAs": title(manifest),
        "isLiveDataset": False,
        **_responsible(),
        "distribution": [
            *(_file(spec, content[spec.file]) for spec in schema.TABLES),
            *([_AUDIO] if manifest["audio"]["clips"] else []),
        ],
        "recordSet": [_records(spec) for spec in schema.TABLES],
    }
    return (json.dumps(described, indent=1, ensure_ascii=False) + "\n").encode()


def _responsible() -> dict[str, str]:
    return {
        "rai:dataCollection": "Visitors wrote prompts and voted on two anonymous answers; systems were drawn at "
        "random with known probabilities.",
        "rai:dataBiases": "Voters chose themselves and chose their prompts; languages and subjects are not balanced.",
        "rai:personalSensitiveInformation": "Pseudonyms of one release, ISO weeks, texts with consent after a local "
        "filter. Names of persons are found only where a sentence introduces them.",
        "rai:dataReleaseMaintenancePlan": "Immutable. What voters withdraw leaves by a revision with a tombstone for "
        "each row; the next release follows by the calendar.",
        "rai:dataUseCases": "Training and evaluation of routers and reward models; study of preferences.",
        "rai:dataLimitations": "Two systems per prompt; preferences, not truth.",
    }


def _file(spec: schema.TableSpec, content: bytes) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": spec.file,
        "name": spec.file,
        "description": spec.meaning,
        "contentUrl": spec.file,
        "encodingFormat": "application/x-parquet",
        "contentSize": f"{len(content)} B",
        "sha256": sha256(content),
    }


def _records(spec: schema.TableSpec) -> dict[str, Any]:
    fields = [_field(spec, column) for column in spec.columns]
    return {
        "@type": "cr:RecordSet",
        "@id": spec.name,
        "name": spec.name,
        "description": spec.meaning,
        "key": [{"@id": f"{spec.name}/{name}"} for name in spec.key],
        "field": fields,
    }


def _field(spec: schema.TableSpec, column: schema.Column) -> dict[str, Any]:
    field = {
        "@type": "cr:Field",
        "@id": f"{spec.name}/{column.name}",
        "name": column.name,
        "description": column.meaning,
        "dataType": _type(column.type),
        "source": {"fileObject": {"@id": spec.file}, "extract": {"column": column.name}},
    }
    return field | ({"repeated": True} if pa.types.is_list(column.type) else {})


def _type(kind: pa.DataType) -> str:
    if pa.types.is_list(kind):
        return _type(kind.value_type)
    if pa.types.is_boolean(kind):
        return "sc:Boolean"
    if pa.types.is_integer(kind):
        return "sc:Integer"
    return "sc:Float" if pa.types.is_floating(kind) else "sc:Text"
