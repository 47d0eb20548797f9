"""The methods of Google's JSON API, version ``storage/v1``, and how a request is matched to one.

The table follows the API's machine-readable description, ``storage.v1.json`` of ``google-api-python-client``.
"""

from __future__ import annotations

from dataclasses import dataclass

_CONDITIONS = ("GenerationMatch", "GenerationNotMatch", "MetagenerationMatch", "MetagenerationNotMatch")
# Names for groups of parameters, to keep the table short.
_GROUPS = {
    "@if": tuple(f"if{name}" for name in _CONDITIONS),
    "@ifMeta": tuple(f"if{name}" for name in _CONDITIONS[2:]),
    "@ifSource": tuple(f"ifSource{name}" for name in _CONDITIONS),
    "@ifSourceMeta": tuple(f"ifSource{name}" for name in _CONDITIONS[2:]),
}
# Id, HTTP method, path below /storage/v1/, parameters of the query.
_TABLE = (
    ("anywhereCaches.disable", "POST", "b/{bucket}/anywhereCaches/{anywhereCacheId}/disable", ""),
    ("anywhereCaches.get", "GET", "b/{bucket}/anywhereCaches/{anywhereCacheId}", ""),
    ("anywhereCaches.insert", "POST", "b/{bucket}/anywhereCaches", ""),
    ("anywhereCaches.list", "GET", "b/{bucket}/anywhereCaches", "pageSize pageToken"),
    ("anywhereCaches.pause", "POST", "b/{bucket}/anywhereCaches/{anywhereCacheId}/pause", ""),
    ("anywhereCaches.resume", "POST", "b/{bucket}/anywhereCaches/{anywhereCacheId}/resume", ""),
    ("anywhereCaches.update", "PATCH", "b/{bucket}/anywhereCaches/{anywhereCacheId}", ""),
    ("bucketAccessControls.delete", "DELETE", "b/{bucket}/acl/{entity}", "userProject"),
    ("bucketAccessControls.get", "GET", "b/{bucket}/acl/{entity}", "userProject"),
    ("bucketAccessControls.insert", "POST", "b/{bucket}/acl", "userProject"),
    ("bucketAccessControls.list", "GET", "b/{bucket}/acl", "userProject"),
    ("bucketAccessControls.patch", "PATCH", "b/{bucket}/acl/{entity}", "userProject"),
    ("bucketAccessControls.update", "PUT", "b/{bucket}/acl/{entity}", "userProject"),
    ("buckets.delete", "DELETE", "b/{bucket}", "@ifMeta userProject"),
    ("buckets.get", "GET", "b/{bucket}", "generation @ifMeta projection softDeleted userProject"),
    ("buckets.getIamPolicy", "GET", "b/{bucket}/iam", "optionsRequestedPolicyVersion userProject"),
    ("buckets.getStorageLayout", "GET", "b/{bucket}/storageLayout", "prefix"),
    (
        "buckets.insert",
        "POST",
        "b",
        "enableObjectRetention predefinedAcl predefinedDefaultObjectAcl project projection userProject",
    ),
    (
        "buckets.list",
        "GET",
        "b",
        "maxResults pageToken prefix project projection returnPartialSuccess softDeleted userProject",
    ),
    ("buckets.lockRetentionPolicy", "POST", "b/{bucket}/lockRetentionPolicy", "ifMetagenerationMatch userProject"),
    (
        "buckets.operations.advanceRelocateBucket",
        "POST",
        "b/{bucket}/operations/{operationId}/advanceRelocateBucket",
        "",
    ),
    ("buckets.operations.cancel", "POST", "b/{bucket}/operations/{operationId}/cancel", ""),
    ("buckets.operations.get", "GET", "b/{bucket}/operations/{operationId}", ""),
    ("buckets.operations.list", "GET", "b/{bucket}/operations", "filter pageSize pageToken"),
    ("buckets.patch", "PATCH", "b/{bucket}", "@ifMeta predefinedAcl predefinedDefaultObjectAcl projection userProject"),
    ("buckets.relocate", "POST", "b/{bucket}/relocate", ""),
    ("buckets.restore", "POST", "b/{bucket}/restore", "generation projection userProject"),
    ("buckets.setIamPolicy", "PUT", "b/{bucket}/iam", "userProject"),
    ("buckets.testIamPermissions", "GET", "b/{bucket}/iam/testPermissions", "permissions userProject"),
    ("buckets.update", "PUT", "b/{bucket}", "@ifMeta predefinedAcl predefinedDefaultObjectAcl projection userProject"),
    ("defaultObjectAccessControls.delete", "DELETE", "b/{bucket}/defaultObjectAcl/{entity}", "userProject"),
    ("defaultObjectAccessControls.get", "GET", "b/{bucket}/defaultObjectAcl/{entity}", "userProject"),
    ("defaultObjectAccessControls.insert", "POST", "b/{bucket}/defaultObjectAcl", "userProject"),
    ("defaultObjectAccessControls.list", "GET", "b/{bucket}/defaultObjectAcl", "@ifMeta userProject"),
    ("defaultObjectAccessControls.patch", "PATCH", "b/{bucket}/defaultObjectAcl/{entity}", "userProject"),
    ("defaultObjectAccessControls.update", "PUT", "b/{bucket}/defaultObjectAcl/{entity}", "userProject"),
    ("folders.delete", "DELETE", "b/{bucket}/folders/{folder}", "@ifMeta"),
    ("folders.deleteRecursive", "POST", "b/{bucket}/folders/{folder}/deleteRecursive", "@ifMeta"),
    ("folders.get", "GET", "b/{bucket}/folders/{folder}", "@ifMeta"),
    ("folders.insert", "POST", "b/{bucket}/folders", "recursive"),
    ("folders.list", "GET", "b/{bucket}/folders", "delimiter endOffset pageSize pageToken prefix startOffset"),
    (
        "folders.rename",
        "POST",
        "b/{bucket}/folders/{sourceFolder}/renameTo/folders/{destinationFolder}",
        "@ifSourceMeta",
    ),
    ("managedFolders.delete", "DELETE", "b/{bucket}/managedFolders/{managedFolder}", "allowNonEmpty @ifMeta"),
    ("managedFolders.get", "GET", "b/{bucket}/managedFolders/{managedFolder}", "@ifMeta"),
    (
        "managedFolders.getIamPolicy",
        "GET",
        "b/{bucket}/managedFolders/{managedFolder}/iam",
        "optionsRequestedPolicyVersion userProject",
    ),
    ("managedFolders.insert", "POST", "b/{bucket}/managedFolders", ""),
    ("managedFolders.list", "GET", "b/{bucket}/managedFolders", "pageSize pageToken prefix"),
    ("managedFolders.setIamPolicy", "PUT", "b/{bucket}/managedFolders/{managedFolder}/iam", "userProject"),
    (
        "managedFolders.testIamPermissions",
        "GET",
        "b/{bucket}/managedFolders/{managedFolder}/iam/testPermissions",
        "permissions userProject",
    ),
    ("managedFolders.update", "PATCH", "b/{bucket}/managedFolders/{managedFolder}", "@ifMeta"),
    ("notifications.delete", "DELETE", "b/{bucket}/notificationConfigs/{notification}", "userProject"),
    ("notifications.get", "GET", "b/{bucket}/notificationConfigs/{notification}", "userProject"),
    ("notifications.insert", "POST", "b/{bucket}/notificationConfigs", "userProject"),
    ("notifications.list", "GET", "b/{bucket}/notificationConfigs", "userProject"),
    ("objectAccessControls.delete", "DELETE", "b/{bucket}/o/{object}/acl/{entity}", "generation userProject"),
    ("objectAccessControls.get", "GET", "b/{bucket}/o/{object}/acl/{entity}", "generation userProject"),
    ("objectAccessControls.insert", "POST", "b/{bucket}/o/{object}/acl", "generation userProject"),
    ("objectAccessControls.list", "GET", "b/{bucket}/o/{object}/acl", "generation userProject"),
    ("objectAccessControls.patch", "PATCH", "b/{bucket}/o/{object}/acl/{entity}", "generation userProject"),
    ("objectAccessControls.update", "PUT", "b/{bucket}/o/{object}/acl/{entity}", "generation userProject"),
    ("objects.bulkRestore", "POST", "b/{bucket}/o/bulkRestore", ""),
    (
        "objects.compose",
        "POST",
        "b/{destinationBucket}/o/{destinationObject}/compose",
        "destinationPredefinedAcl dropContextGroups ifGenerationMatch ifMetagenerationMatch kmsKeyName userProject",
    ),
    (
        "objects.copy",
        "POST",
        "b/{sourceBucket}/o/{sourceObject}/copyTo/b/{destinationBucket}/o/{destinationObject}",
        "destinationKmsKeyName destinationPredefinedAcl @if @ifSource projection sourceGeneration userProject",
    ),
    ("objects.delete", "DELETE", "b/{bucket}/o/{object}", "generation @if userProject"),
    ("objects.get", "GET", "b/{bucket}/o/{object}", "generation @if projection restoreToken softDeleted userProject"),
    ("objects.getIamPolicy", "GET", "b/{bucket}/o/{object}/iam", "generation userProject"),
    (
        "objects.insert",
        "POST",
        "b/{bucket}/o",
        "contentEncoding @if kmsKeyName name predefinedAcl projection userProject",
    ),
    (
        "objects.list",
        "GET",
        "b/{bucket}/o",
        "delimiter endOffset filter includeFoldersAsPrefixes includeTrailingDelimiter matchGlob maxResults "
        "pageToken prefix projection softDeleted startOffset userProject versions",
    ),
    (
        "objects.move",
        "POST",
        "b/{bucket}/o/{sourceObject}/moveTo/o/{destinationObject}",
        "@if @ifSource projection userProject",
    ),
    (
        "objects.patch",
        "PATCH",
        "b/{bucket}/o/{object}",
        "generation @if overrideUnlockedRetention predefinedAcl projection userProject",
    ),
    (
        "objects.restore",
        "POST",
        "b/{bucket}/o/{object}/restore",
        "copySourceAcl generation @if projection restoreToken userProject",
    ),
    (
        "objects.rewrite",
        "POST",
        "b/{sourceBucket}/o/{sourceObject}/rewriteTo/b/{destinationBucket}/o/{destinationObject}",
        "destinationKmsKeyName destinationPredefinedAcl dropContextGroups @if @ifSource "
        "maxBytesRewrittenPerCall projection rewriteToken sourceGeneration userProject",
    ),
    ("objects.setIamPolicy", "PUT", "b/{bucket}/o/{object}/iam", "generation userProject"),
    (
        "objects.testIamPermissions",
        "GET",
        "b/{bucket}/o/{object}/iam/testPermissions",
        "generation permissions userProject",
    ),
    (
        "objects.update",
        "PUT",
        "b/{bucket}/o/{object}",
        "generation @if overrideUnlockedRetention predefinedAcl projection userProject",
    ),
    ("objects.viewFullContext", "GET", "b/{bucket}/o/{object}/viewFullContext", "contextKey generation userProject"),
    ("projects.hmacKeys.create", "POST", "projects/{projectId}/hmacKeys", "serviceAccountEmail userProject"),
    ("projects.hmacKeys.delete", "DELETE", "projects/{projectId}/hmacKeys/{accessId}", "userProject"),
    ("projects.hmacKeys.get", "GET", "projects/{projectId}/hmacKeys/{accessId}", "userProject"),
    (
        "projects.hmacKeys.list",
        "GET",
        "projects/{projectId}/hmacKeys",
        "maxResults pageToken serviceAccountEmail showDeletedKeys userProject",
    ),
    ("projects.hmacKeys.update", "PUT", "projects/{projectId}/hmacKeys/{accessId}", "userProject"),
    ("projects.serviceAccount.get", "GET", "projects/{projectId}/serviceAccount", "userProject"),
    ("rapidCaches.disable", "POST", "b/{bucket}/rapidCaches/{rapidCacheId}/disable", ""),
    ("rapidCaches.get", "GET", "b/{bucket}/rapidCaches/{rapidCacheId}", ""),
    ("rapidCaches.insert", "POST", "b/{bucket}/rapidCaches", ""),
    ("rapidCaches.list", "GET", "b/{bucket}/rapidCaches", "pageSize pageToken"),
    ("rapidCaches.update", "PATCH", "b/{bucket}/rapidCaches/{rapidCacheId}", ""),
)
# Parameters of every method.
COMMON = ("alt", "fields", "key", "oauth_token", "prettyPrint", "quotaUser", "uploadType", "userIp")


@dataclass(frozen=True)
class Method:
    """One method: its id, such as ``storage.objects.get``, and the requests that call it."""

    id: str
    verb: str
    path: str
    parameters: tuple[str, ...]


def _method(name: str, verb: str, path: str, text: str) -> Method:
    parameters = tuple(name for word in text.split() for name in _GROUPS.get(word, (word,)))
    return Method(f"storage.{name}", verb, path, parameters)


METHODS = {method.id: method for method in (_method(*row) for row in _TABLE)}

# A method with the positions of the literal segments and of the names in its path.
_Pattern = tuple[Method, tuple[tuple[int, str], ...], tuple[int, ...]]


def _by_shape() -> dict[tuple[str, int, str], list[_Pattern]]:
    """Index methods by HTTP method, number of path segments and third segment: few are left to compare with a path."""
    shapes: dict[tuple[str, int, str], list[_Pattern]] = {}
    for method in METHODS.values():
        segments = method.path.split("/")
        words = tuple((i, part) for i, part in enumerate(segments) if not part.startswith("{"))
        names = tuple(i for i, part in enumerate(segments) if part.startswith("{"))
        shapes.setdefault(_shape(method.verb, segments), []).append((method, words, names))
    for patterns in shapes.values():
        # If two match, the one with more literal segments wins: o/bulkRestore before o/{object}.
        patterns.sort(key=lambda pattern: -len(pattern[1]))
    return shapes


def _shape(verb: str, segments: list[str]) -> tuple[str, int, str]:
    return verb, len(segments), segments[2] if len(segments) > 2 else ""


_BY_SHAPE = _by_shape()


def find(verb: str, segments: list[str]) -> tuple[Method, tuple[str, ...]] | None:
    """Return the method for ``verb`` and a path below ``/storage/v1/``, and the names in the path, still encoded."""
    for method, words, names in _BY_SHAPE.get(_shape(verb, segments), ()):
        if all(segments[i] == word for i, word in words):
            return method, tuple([segments[i] for i in names])
    return None
