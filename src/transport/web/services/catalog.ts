/**
 * `type: catalog`: pages about binary schemas of FlatBuffers.
 *
 * @module
 */

import type { CatalogServiceConfig } from "#config/web-service/web-service-config.ts";
import {
  CATALOG_HEADERS,
  homePage,
  type PartKind,
  partPage,
} from "#transport/web/catalog/catalog-pages.ts";
import { readRepository, type SchemaRepository } from "#transport/web/catalog/schema-repository.ts";
import { errorPage } from "#transport/web/error-page.ts";
import type { WebService } from "#transport/web/web-service.ts";

const KINDS: readonly string[] = ["table", "struct", "enum", "service"];

/**
 * Opens the catalog; its schemas are read once.
 *
 * @throws Failure when one of them cannot be read, or is none.
 */
export function openCatalog({ files }: CatalogServiceConfig): WebService {
  const repository = readRepository(files);
  return {
    isReadOnly: true,
    handle({ url }, subpath) {
      const page = pageAt(repository, url, subpath);
      if (page === null) return errorPage(404);
      return { status: 200, headers: CATALOG_HEADERS, body: Buffer.from(page) };
    },
  };
}

function pageAt(
  repository: SchemaRepository,
  { pathname, search }: { pathname: string; search: string },
  subpath: string,
): string | null {
  if (subpath === "") return homePage(repository, pathname.replace(/\/+$/, ""));
  const name = new URLSearchParams(search).get("name");
  if (name === null || !KINDS.includes(subpath)) return null;
  return partPage(repository, subpath as PartKind, name);
}
