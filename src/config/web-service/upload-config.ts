/**
 * Normalized paths of type `upload`.
 *
 * @module
 */

/** `type: upload`: files that come in chunks. */
export interface UploadServiceConfig {
  type: "upload";
  realm: string;
  /** The role that publishes progress. */
  role: string;
  /** Absolute. */
  directory: string;
  /** Absolute. */
  temp_directory: string;
  form_fields: UploadFieldNames;
  options: {
    /** Octets. */
    max_file_size: number;
    /** Suffixes with their dots; null: any. */
    file_types: string[] | null;
    /** Mode bits; null: those that the system gives a new file. */
    file_permissions: number | null;
  };
}

/** What clients call the fields of a chunk; null: they send no such field. */
export interface UploadFieldNames {
  file_name: string;
  total_size: string;
  chunk_number: string;
  chunk_size: string;
  total_chunks: string;
  content: string;
  on_progress: string | null;
  session: string | null;
  chunk_extra: string | null;
  finish_extra: string | null;
  identifier: string | null;
}
