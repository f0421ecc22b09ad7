import { expect, it } from 'vitest';
import { crc32c, maskedCrc32c } from './crc32c';

it.each([
  // RFC 3720, Appendix B.4, and the check value of the CRC catalogue for "123456789".
  ['32 bytes of zero', new Uint8Array(32), 0x8a9136aa],
  ['32 bytes of ones', new Uint8Array(32).fill(0xff), 0x62a8ab43],
  ['0 to 31', Uint8Array.from({ length: 32 }, (_, i) => i), 0x46dd794e],
  ['31 to 0', Uint8Array.from({ length: 32 }, (_, i) => 31 - i), 0x113fdb5c],
  ['123456789', new TextEncoder().encode('123456789'), 0xe3069283],
  ['nothing', new Uint8Array(0), 0],
])('crc32c of %s is the published one', (_what, bytes, crc) => {
  expect(crc32c(bytes)).toBe(crc);
});

it('masks as TFRecord does: rotated right by 15, plus 0xa282ead8', () => {
  const rotated = (0xe3069283n >> 15n) | ((0xe3069283n << 17n) & 0xffffffffn);
  const masked = (rotated + 0xa282ead8n) & 0xffffffffn;
  expect(maskedCrc32c(new TextEncoder().encode('123456789'))).toBe(Number(masked));
});
