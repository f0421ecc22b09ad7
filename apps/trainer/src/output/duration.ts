const pad = (n: number) => String(n).padStart(2, '0');

/** A time span for people: `8 s`, `2 min 05 s`, `3 h 20 min`, `2 d 04 h`. */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds)) return '?';
  const total = Math.max(0, Math.round(seconds));
  const [minutes, hours, days] = [
    Math.floor(total / 60),
    Math.floor(total / 3600),
    Math.floor(total / 86_400),
  ];
  if (minutes < 1) return `${total} s`;
  if (hours < 1) return `${minutes} min ${pad(total % 60)} s`;
  if (days < 1) return `${hours} h ${pad(minutes % 60)} min`;
  return `${days} d ${pad(hours % 24)} h`;
}
