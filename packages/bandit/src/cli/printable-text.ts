/** Text from outside as a terminal may get it: nothing in it steers the terminal, and it has an end. */
export function printable(text: string, most = 200): string {
  const plain = text.replaceAll(/[\p{Cc}\p{Cs}\u202A-\u202E\u2066-\u2069]/gu, "\uFFFD");
  return plain.length > most ? `${plain.slice(0, most - 1)}…` : plain;
}
