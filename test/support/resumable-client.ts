/** Uploads with the fields, the cuts and the order of requests of Resumable.js, and every chunk by hand. */

/** A file that is to be sent. */
export interface ResumableFile {
  name: string;
  octets: Uint8Array<ArrayBuffer>;
  chunkSize: number;
  /** Further fields, such as `on_progress`, or others in place of the usual ones. */
  query?: Record<string, string>;
}

/** Number of chunks: the last one takes what would be a short one. */
export function totalChunks({ octets, chunkSize }: ResumableFile): number {
  return Math.max(Math.floor(octets.length / chunkSize), 1);
}

/** The octets of a chunk, from 1. */
export function chunkOctets(file: ResumableFile, number: number): Uint8Array<ArrayBuffer> {
  const start = (number - 1) * file.chunkSize;
  const isLast = number === totalChunks(file);
  return file.octets.slice(start, isLast ? undefined : start + file.chunkSize);
}

/** The fields of a chunk. */
export function chunkFields(file: ResumableFile, number: number): Record<string, string> {
  return {
    resumableChunkNumber: String(number),
    resumableChunkSize: String(file.chunkSize),
    resumableCurrentChunkSize: String(chunkOctets(file, number).length),
    resumableTotalSize: String(file.octets.length),
    resumableType: "text/csv",
    resumableIdentifier: `${file.octets.length}-${file.name.replace(/[^0-9a-zA-Z_-]/g, "")}`,
    resumableFilename: file.name,
    resumableRelativePath: file.name,
    resumableTotalChunks: String(totalChunks(file)),
    ...file.query,
  };
}

/** Asks whether a chunk is there; gives the status. */
export async function testChunk(url: string, file: ResumableFile, number: number): Promise<number> {
  const query = new URLSearchParams(chunkFields(file, number));
  const answer = await fetch(`${url}?${query}`, { headers: { Connection: "close" } });
  await answer.text();
  return answer.status;
}

/** Sends a chunk on a connection of its own. */
export async function sendChunk(
  url: string,
  file: ResumableFile,
  number: number,
): Promise<{ status: number; text: string }> {
  const form = new FormData();
  for (const [name, value] of Object.entries(chunkFields(file, number))) form.append(name, value);
  form.append("file", new Blob([chunkOctets(file, number)]), file.name);
  const headers = { Connection: "close" };
  const answer = await fetch(url, { method: "POST", body: form, headers });
  return { status: answer.status, text: await answer.text() };
}

/** Sends what is missing of a file, in this order of its chunks; gives the statuses of what was sent. */
export async function upload(url: string, file: ResumableFile, order?: number[]) {
  const numbers = order ?? Array.from({ length: totalChunks(file) }, (_, index) => index + 1);
  const statuses: number[] = [];
  for (const number of numbers) {
    if ((await testChunk(url, file, number)) === 200) continue;
    statuses.push((await sendChunk(url, file, number)).status);
  }
  return statuses;
}
