// Node 18 has WebCrypto, but not as a global; the client libraries look for it there. Import this before them.

import { webcrypto } from 'node:crypto';

globalThis.crypto ??= webcrypto;
globalThis.CryptoKey ??= webcrypto.CryptoKey;
