/**
 * Normalizes paths of type `upload`.
 *
 * @module
 */

import { statSync } from "node:fs";
import { resolve } from "node:path";
import { isFolder } from "#base/folder-state.ts";
import type { JsonPath } from "#config/text/config-issue.ts";
import type { Report } from "#config/text/report.ts";
import type { WorkerContext } from "#config/transport/transport-context.ts";
import { warnOfRealmAndRole } from "./realm-role-rules.ts";
import type { UploadFieldNames, UploadServiceConfig } from "./upload-config.ts";
import { defaultUploadOptions, type UploadItem } from "./upload-schema.ts";

/** The normalized service; warns of what keeps uploads from being stored or published. */
export function normalizeUpload(
  item: UploadItem,
  path: JsonPath,
  context: WorkerContext,
): UploadServiceConfig {
  const { realm, role } = item;
  const { report } = context;
  warnOfRealmAndRole({ realm, role, done: "published" }, path, context);
  const directory = resolve(report.folder, item.directory);
  const temp_directory =
    item.temp_directory === undefined
      ? `${directory}.incomplete`
      : resolve(report.folder, item.temp_directory);
  checkFolders(directory, temp_directory, path, report);
  const { max_file_size, file_types, file_permissions } = item.options ?? defaultUploadOptions;
  return {
    type: "upload",
    realm,
    role,
    directory,
    temp_directory,
    form_fields: fieldNames(item.form_fields),
    options: {
      max_file_size,
      file_types: file_types === undefined || file_types.length === 0 ? null : file_types,
      file_permissions:
        file_permissions === undefined
          ? null
          : Number.parseInt(file_permissions.replace("o", ""), 8),
    },
  };
}

function fieldNames(written: UploadItem["form_fields"]): UploadFieldNames {
  const {
    mime_type: _,
    on_progress,
    session,
    chunk_extra,
    finish_extra,
    identifier,
    ...names
  } = written;
  return {
    ...names,
    on_progress: on_progress ?? null,
    session: session ?? null,
    chunk_extra: chunk_extra ?? null,
    finish_extra: finish_extra ?? null,
    identifier: identifier ?? null,
  };
}

function checkFolders(directory: string, temporary: string, path: JsonPath, report: Report): void {
  const at = [...path, "temp_directory"];
  if (directory === temporary) report.fault(at, "expected another directory than `directory`");
  if (!isFolder(directory)) {
    const sentence = "there is no such directory at present; until there is, no file is taken";
    report.warn([...path, "directory"], sentence);
  } else if (isFolder(temporary) && statSync(directory).dev !== statSync(temporary).dev) {
    const sentence = "is on another file system than `directory`, so no file can be moved there";
    report.warn(at, sentence);
  }
}
