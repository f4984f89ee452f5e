// The processes under test: Signet with an embedded database of its own, and the demo app.

import { spawn } from 'node:child_process';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../../..');
const target = join(process.env.CARGO_TARGET_DIR ?? join(root, 'target'), 'debug');

/** A port that nobody listens on now. */
export function freePort() {
  return new Promise((done, failed) => {
    const probe = createServer();
    probe.once('error', failed);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => done(port));
    });
  });
}

class Process {
  constructor(name, command, args, options) {
    this.output = '';
    this.child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    this.ended = new Promise((done) => this.child.once('exit', (code) => done(code)));
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream.setEncoding('utf8');
      stream.on('data', (text) => {
        this.output += text;
        this.heard?.();
      });
    }
    this.name = name;
  }

  /** Waits until the output matches. */
  async said(pattern, seconds = 60) {
    const until = Date.now() + seconds * 1000;
    for (;;) {
      const found = pattern.exec(this.output);
      if (found) return found;
      if (this.child.exitCode !== null) throw new Error(`${this.name} ended:\n${this.output}`);
      if (Date.now() > until) throw new Error(`${this.name} did not say ${pattern}:\n${this.output}`);
      await new Promise((next) => {
        this.heard = next;
        setTimeout(next, 200);
      });
    }
  }

  async stop() {
    if (this.child.exitCode === null) this.child.kill('SIGTERM');
    const late = setTimeout(() => this.child.kill('SIGKILL'), 20_000);
    await this.ended;
    clearTimeout(late);
  }
}

/** Signet on a data folder of its own, with the demo's people and apps. */
export async function startSignet({ appPort, settings = {} } = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'signet-browser-'));
  const port = await freePort();
  const issuer = `http://localhost:${port}`;
  const env = {
    PATH: process.env.PATH,
    HOME: process.env.HOME ?? '/',
    SIGNET_ISSUER: issuer,
    SIGNET_LISTEN: `127.0.0.1:${port}`,
    SIGNET_DATA_DIR: join(folder, 'data'),
    ...settings,
  };
  const signet = new Process('signet', join(target, 'signet'), ['serve'], { cwd: root, env });
  await signet.said(/listening on/);
  const server = {
    issuer,
    folder,
    env,
    process: signet,
    /** The first administrator's name and one-time password, as printed. */
    async administrator() {
      const [, name] = await signet.said(/administrator\s+(\S+)/);
      const [, password] = await signet.said(/one-time password\s+(\S+)/);
      return { name, password };
    },
    /** The newest mail to an address, decoded. */
    async mail(to, subject = /./, seconds = 20) {
      const until = Date.now() + seconds * 1000;
      for (;;) {
        const found = await newestMail(join(folder, 'data', 'mail'), to, subject);
        if (found) return found;
        if (Date.now() > until) throw new Error(`no mail to ${to}\n${signet.output}`);
        await new Promise((next) => setTimeout(next, 100));
      }
    },
    /** Applies a resource file. */
    async apply(file) {
      const apply = new Process('signet apply', join(target, 'signet'), ['apply', file], { cwd: root, env });
      const code = await apply.ended;
      if (code !== 0) throw new Error(apply.output);
      return apply.output;
    },
    async stop() {
      await signet.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
  if (appPort) await server.apply(await demoOn(folder, appPort));
  return server;
}

/** The demo's resources for an app on another port. */
async function demoOn(folder, port) {
  const { writeFile } = await import('node:fs/promises');
  const demo = await readFile(join(root, 'config', 'demo.toml'), 'utf8');
  const file = join(folder, 'demo.toml');
  await writeFile(file, demo.replaceAll('localhost:3000', `localhost:${port}`));
  return file;
}

async function newestMail(folder, to, subject) {
  const names = await readdir(folder).catch(() => []);
  const files = names.filter((name) => name.endsWith('.eml')).sort().reverse();
  for (const name of files) {
    const mail = parse(await readFile(join(folder, name), 'utf8'));
    if (mail.to.includes(to) && subject.test(mail.subject)) return mail;
  }
  return undefined;
}

/** Enough of MIME for what Signet sends: headers, and the text part decoded. */
function parse(raw) {
  const [head, ...rest] = raw.split(/\r?\n\r?\n/);
  const unfolded = head.replace(/\r?\n[ \t]+/g, ' ');
  const header = (name, text = unfolded) => new RegExp(`^${name}: *(.*)$`, 'im').exec(text)?.[1] ?? '';
  const body = rest.join('\n\n');
  const boundary = /boundary="?([^";\s]+)/.exec(unfolded)?.[1];
  const parts = boundary ? body.split(`--${boundary}`) : [raw];
  const plain = parts.find((part) => /content-type: text\/plain/i.test(part)) ?? raw;
  const [plainHead, ...plainBody] = plain.trimStart().split(/\r?\n\r?\n/);
  const encoding = header('content-transfer-encoding', plainHead.replace(/\r?\n[ \t]+/g, ' ')).toLowerCase();
  return { to: header('to'), subject: word(header('subject')), text: decode(plainBody.join('\n\n'), encoding) };
}

function decode(text, encoding) {
  if (encoding === 'base64') return Buffer.from(text, 'base64').toString('utf8');
  if (encoding !== 'quoted-printable') return text;
  const joined = text.replace(/=\r?\n/g, '');
  return Buffer.from(joined.replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(parseInt(hex, 16))), 'latin1').toString('utf8');
}

function word(text) {
  return text.replace(/=\?utf-8\?b\?([^?]*)\?=/gi, (_, data) => Buffer.from(data, 'base64').toString('utf8'));
}

/** The demo app of `examples/relying_party.rs`. */
export async function startApp(issuer, port) {
  const app = new Process('relying_party', join(target, 'examples', 'relying_party'), [], {
    cwd: root,
    env: { PATH: process.env.PATH, ISSUER: issuer, PORT: String(port) },
  });
  await app.said(/listens on/);
  return { url: `http://localhost:${port}`, stop: () => app.stop() };
}
