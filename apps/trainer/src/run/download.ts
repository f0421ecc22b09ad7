import type { DownloadProgress } from '@meanflow/data/node';

/** Says once for each file and mirror what is being downloaded. */
export function announceDownloads(say: (text: string) => void): (progress: DownloadProgress) => void {
  const announced = new Set<string>();
  return ({ file, url, totalBytes }) => {
    if (announced.has(url)) return;
    announced.add(url);
    const size = totalBytes === null ? '' : ` (${(totalBytes / 1e6).toFixed(1)} MB)`;
    say(`Downloading ${file}${size} from ${new URL(url).host}, once.`);
  };
}
