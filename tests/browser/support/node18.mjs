// What Node 18 does otherwise than its successors. Import this before the client libraries.

import { webcrypto } from 'node:crypto';
import { setDefaultResultOrder } from 'node:dns';

// It has WebCrypto, but not as a global, where the libraries look for it.
globalThis.crypto ??= webcrypto;
globalThis.CryptoKey ??= webcrypto.CryptoKey;
// It tries one address of `localhost` only, and Signet listens on IPv4.
setDefaultResultOrder('ipv4first');
