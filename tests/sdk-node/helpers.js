// What the tests share: a server of their own, a receiver of webhooks, test data, and looks at the books.

import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import Stripe from 'stripe';

export const KEY = 'sk_test_KontorNodeSuite0000000001';
const BINARY = process.env.KONTOR_BIN ?? fileURLToPath(new URL('../../target/debug/kontor', import.meta.url));
const POSTGRES = process.env.KONTOR_TEST_POSTGRES_URL;
const PATIENCE_MS = 30_000;

/** Left out on purpose only: otherwise a test without a PostgreSQL server fails. */
const WITHOUT_POSTGRES = process.env.KONTOR_TEST_WITHOUT_POSTGRES === '1';

/** Both engines. */
export const ENGINES = [
  { name: 'SQLite', databaseUrl: async () => null },
  { name: 'PostgreSQL', databaseUrl: freshDatabase, skip: WITHOUT_POSTGRES && 'left out by KONTOR_TEST_WITHOUT_POSTGRES' },
];

/** Starts `kontor serve` on a free port with an empty store; `stop` ends it and wipes the store. */
export async function startServer(engine = ENGINES[0]) {
  const data = await mkdtemp(join(tmpdir(), 'kontor-node-'));
  const databaseUrl = await engine.databaseUrl();
  const child = spawn(BINARY, ['serve', '--listen', '127.0.0.1:0', '--data', data], {
    env: { ...withoutOurs(process.env), KONTOR_SECRET_KEY: KEY, ...(databaseUrl && { KONTOR_DATABASE_URL: databaseUrl }) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve(code ?? signal));
    child.once('error', resolve);
  });
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);

  let log = '';
  const wipe = async () => {
    kill();
    await exited;
    process.off('exit', kill);
    await rm(data, { recursive: true });
    if (databaseUrl) await sql(`drop database ${new URL(databaseUrl).pathname.slice(1)}`);
  };
  const stop = async () => {
    child.kill('SIGTERM');
    const ended = await within(exited, 'the server to stop').finally(wipe);
    assert.equal(ended, 0, `told to stop, the server ends with exit code 0:\n${log}`);
  };

  // Both streams are read to the end, or a full pipe would block the server.
  const listening = new Promise((resolve, reject) => {
    child.stdout.setEncoding('utf8').on('data', (chunk) => {
      log += chunk;
      const line = /listening on (http:\/\/127\.0\.0\.1:\d+)/.exec(log);
      if (line) resolve(line[1]);
    });
    child.stderr.setEncoding('utf8').on('data', (chunk) => (log += chunk));
    exited.then((ended) => reject(new Error(`the server ended with ${ended}:\n${log}`)));
  });
  try {
    const url = await within(listening, 'the server to listen');
    assert.equal((await fetch(`${url}/healthz`)).status, 200);
    return { url, stop, stripe: client(url) };
  } catch (error) {
    await wipe();
    throw error;
  }
}

/** The official client, pointed at our server. */
export function client(url, key = KEY) {
  const { hostname, port } = new URL(url);
  return new Stripe(key, { host: hostname, port, protocol: 'http' });
}

/** Moves the world's clock; answers once every job that fell due has run. */
export async function advanceClock(url, days) {
  const response = await fetch(`${url}/kontor/v1/clock/advance`, {
    method: 'POST',
    headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify({ seconds: days * 86_400 }),
  });
  assert.equal(response.status, 200, await response.clone().text());
  return clock(url);
}

/** The world's time, in Unix seconds. */
export async function clock(url) {
  const response = await fetch(`${url}/kontor/v1/clock`, { headers: { authorization: `Bearer ${KEY}` } });
  return (await response.json()).now;
}

/** A local HTTP server that keeps what is posted to each path, as an application's webhook endpoints would. */
export async function startReceiver() {
  const deliveries = [];
  const arrived = new Set();
  const server = http.createServer(async (request, response) => {
    const chunks = await request.toArray();
    const signature = request.headers['stripe-signature'];
    deliveries.push({ path: request.url, body: Buffer.concat(chunks).toString(), signature });
    response.end();
    arrived.forEach((look) => look());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const to = (path) => deliveries.filter((delivery) => delivery.path === path);

  return {
    url: (path) => `http://127.0.0.1:${server.address().port}${path}`,
    to,
    /** The first delivery to `path` whose event `wanted` accepts, whether it has arrived or is still to come. */
    async first(path, what, wanted) {
      const find = () => to(path).find((delivery) => wanted(JSON.parse(delivery.body)));
      const found = new Promise((resolve) => {
        const look = () => find() && resolve(find());
        arrived.add(look);
        look();
      });
      return within(found, `${what} at ${path}; there are ${to(path).map((delivery) => JSON.parse(delivery.body).type)}`);
    },
    stop: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** A custom account given everything: it can charge and be paid out at once, when it asks to. */
export function seller(name, more = {}) {
  return {
    type: 'custom',
    country: 'US',
    email: `${name.toLowerCase()}@example.com`,
    business_type: 'individual',
    capabilities: { card_payments: { requested: true }, transfers: { requested: true } },
    business_profile: { name: `${name}'s shop`, mcc: '5734', url: 'https://accessible.stripe.com' },
    individual: {
      first_name: name,
      last_name: 'Seller',
      email: `${name.toLowerCase()}@example.com`,
      phone: '0000000000',
      dob: { day: 1, month: 1, year: 1901 },
      address: { line1: 'address_full_match', city: 'San Francisco', state: 'CA', postal_code: '94107', country: 'US' },
      ssn_last_4: '0000',
    },
    external_account: bankAccount(),
    settings: { payments: { statement_descriptor: `${name} shop` }, payouts: { schedule: { interval: 'manual' } } },
    tos_acceptance: { date: 1_700_000_000, ip: '127.0.0.1' },
    ...more,
  };
}

export function bankAccount(more = {}) {
  return { object: 'bank_account', country: 'US', currency: 'usd', routing_number: '110000000', account_number: '000123456789', ...more };
}

/** A card payment confirmed in one call. `pm_card_bypassPending` makes its money available at once. */
export function payment(amount, more = {}) {
  return {
    amount,
    currency: 'usd',
    payment_method: 'pm_card_bypassPending',
    automatic_payment_methods: { enabled: true, allow_redirects: 'never' },
    confirm: true,
    ...more,
  };
}

/** What an account has, in cents; the platform's own without an account. */
export async function balance(stripe, stripeAccount) {
  const { available, pending } = await stripe.balance.retrieve({}, { stripeAccount });
  return { available: dollars(available), pending: dollars(pending) };
}

/** An account's balance transactions as sorted lines: `type amount fee net`. */
export async function rows(stripe, stripeAccount) {
  const all = await balanceTransactions(stripe, stripeAccount);
  return all.map((row) => `${row.type} ${row.amount} ${row.fee} ${row.net}`).sort();
}

/** The books hold: the rows of an account add up to its balance, and each row to its net. */
export async function assertRowsAddUp(stripe, stripeAccount) {
  const all = await balanceTransactions(stripe, stripeAccount);
  const { available, pending } = await balance(stripe, stripeAccount);
  assert.equal(all.reduce((sum, row) => sum + row.net, 0), available + pending);
  for (const row of all) {
    assert.equal(row.net, row.amount - row.fee, row.id);
    assert.equal(row.fee, row.fee_details.reduce((sum, part) => sum + part.amount, 0), row.id);
  }
}

function balanceTransactions(stripe, stripeAccount) {
  return stripe.balanceTransactions.list({ limit: 100 }, { stripeAccount }).autoPagingToArray({ limit: 1000 });
}

function dollars(amounts) {
  return amounts.filter(({ currency }) => currency === 'usd').reduce((sum, { amount }) => sum + amount, 0);
}

async function freshDatabase() {
  const name = `kontor_node_${randomBytes(6).toString('hex')}`;
  await sql(`create database ${name}`);
  return Object.assign(new URL(POSTGRES), { pathname: `/${name}` }).href;
}

async function sql(statement) {
  await promisify(execFile)('psql', [POSTGRES, '--no-psqlrc', '--quiet', '--command', statement]);
}

/** The environment without the settings a developer may have for a server of theirs. */
function withoutOurs(env) {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('KONTOR_')));
}

async function within(promise, what) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${PATIENCE_MS} ms for ${what}`)), PATIENCE_MS);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
