/**
 * Methods that Bun 1.4.5 has and its types lack.
 *
 * @module
 */

interface Buffer {
  latin1Slice(start?: number, end?: number): string;
  utf8Slice(start?: number, end?: number): string;
  latin1Write(text: string, offset?: number, length?: number): number;
  utf8Write(text: string, offset?: number, length?: number): number;
}

interface JSON {
  rawJSON(text: string): unknown;
}
