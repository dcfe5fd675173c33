// Connected accounts: what they still owe us, their people and their bank accounts.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { bankAccount, seller, startServer } from './helpers.js';

const server = await startServer();
const { stripe } = server;
after(server.stop);

describe('an account', () => {
  it('says what is due until it has been given', async () => {
    const { individual, external_account, tos_acceptance, ...bare } = seller('Alice');
    const account = await stripe.accounts.create(bare);
    assert.equal(account.charges_enabled, false);
    for (const due of ['external_account', 'individual.ssn_last_4', 'tos_acceptance.date']) {
      assert.ok(account.requirements.currently_due.includes(due), `${due} in ${account.requirements.currently_due}`);
    }
    const complete = await stripe.accounts.update(account.id, { individual, external_account, tos_acceptance });
    assert.deepEqual([complete.charges_enabled, complete.payouts_enabled], [true, true]);
    assert.deepEqual(complete.requirements.currently_due, []);
  });

  it('never gives a secret back', async () => {
    const account = await stripe.accounts.create(seller('Bob'));
    assert.equal(account.individual.ssn_last_4_provided, true);
    assert.doesNotMatch(JSON.stringify(account), /"ssn_last_4"|000123456789/);
  });

  it('is listed, changed and deleted', async () => {
    const { id } = await stripe.accounts.create(seller('Carol', { metadata: { tier: 'gold' } }));
    const changed = await stripe.accounts.update(id, { metadata: { tier: '', since: '2026' }, business_profile: { name: 'Carol & Co' } });
    assert.deepEqual([changed.metadata, changed.business_profile.name], [{ since: '2026' }, 'Carol & Co']);
    assert.ok((await stripe.accounts.list({ limit: 100 })).data.some((account) => account.id === id));
    assert.equal((await stripe.accounts.del(id)).deleted, true);
    await assert.rejects(stripe.accounts.retrieve(id), { statusCode: 403, code: 'account_invalid' });
  });

  it('may be a bare one that only receives transfers', async () => {
    const account = await stripe.accounts.create({ type: 'standard', country: 'US', email: 'dan@example.com' });
    assert.equal(account.type, 'standard');
    assert.match(account.id, /^acct_/);
  });

  it('of the platform itself is the one behind the key', async () => {
    const platform = await stripe.accounts.retrieveCurrent();
    assert.deepEqual([platform.object, platform.country, platform.default_currency], ['account', 'US', 'usd']);
  });
});

describe('the bank accounts of an account', () => {
  let account, first, second;
  before(async () => {
    account = await stripe.accounts.create(seller('Alice'));
    [first] = account.external_accounts.data;
  });

  it('come with the account, the first as the default of its currency', () => {
    assert.deepEqual([first.object, first.last4, first.routing_number], ['bank_account', '6789', '110000000']);
    assert.equal(first.default_for_currency, true);
  });

  it('are added, and one becomes the default when asked', async () => {
    const external_account = bankAccount({ account_number: '000111111116' });
    second = await stripe.accounts.createExternalAccount(account.id, { external_account });
    assert.equal(second.default_for_currency, false);
    second = await stripe.accounts.updateExternalAccount(account.id, second.id, { default_for_currency: true, metadata: { name: 'new' } });
    assert.deepEqual([second.default_for_currency, second.metadata.name], [true, 'new']);
    assert.equal((await stripe.accounts.retrieveExternalAccount(account.id, first.id)).default_for_currency, false);
  });

  it('are listed, and deleted unless they are the default', async () => {
    await assert.rejects(stripe.accounts.deleteExternalAccount(account.id, second.id), { statusCode: 400 });
    assert.equal((await stripe.accounts.deleteExternalAccount(account.id, first.id)).deleted, true);
    const { data } = await stripe.accounts.listExternalAccounts(account.id, { object: 'bank_account' });
    assert.deepEqual(data.map(({ id }) => id), [second.id]);
  });

  it('have a number that this sandbox knows', async () => {
    const external_account = bankAccount({ account_number: '000987654321' });
    const request = stripe.accounts.createExternalAccount(account.id, { external_account });
    await assert.rejects(request, { statusCode: 400, code: 'account_number_invalid' });
  });
});

describe('the people of a company', () => {
  let company, person;
  before(async () => {
    const { individual, ...rest } = seller('Acme');
    company = await stripe.accounts.create({ ...rest, business_type: 'company', company: { name: 'Acme' } });
  });

  it('are added with what they are to it', async () => {
    person = await stripe.accounts.createPerson(company.id, {
      first_name: 'Jenny',
      last_name: 'Rosen',
      dob: { day: 1, month: 1, year: 1901 },
      relationship: { representative: true, owner: true, percent_ownership: 100, title: 'CEO' },
    });
    assert.deepEqual([person.object, person.account, person.first_name], ['person', company.id, 'Jenny']);
    assert.deepEqual([person.relationship.representative, person.relationship.percent_ownership], [true, 100]);
  });

  it('are changed, listed by what they are, and removed', async () => {
    const changed = await stripe.accounts.updatePerson(company.id, person.id, { email: 'jenny@example.com', ssn_last_4: '0000' });
    assert.deepEqual([changed.email, changed.ssn_last_4_provided, changed.first_name], ['jenny@example.com', true, 'Jenny']);
    const owners = await stripe.accounts.listPersons(company.id, { relationship: { owner: true } });
    assert.deepEqual(owners.data.map(({ id }) => id), [person.id]);
    const partner = await stripe.accounts.createPerson(company.id, { first_name: 'Ben', last_name: 'Owen', relationship: { director: true } });
    assert.equal((await stripe.accounts.deletePerson(company.id, partner.id)).deleted, true);
    await assert.rejects(stripe.accounts.deletePerson(company.id, person.id), { statusCode: 400, param: 'person' });
  });
});

describe('the capabilities of an account', () => {
  it('are listed and requested one by one', async () => {
    const { id } = await stripe.accounts.create(seller('Bob', { capabilities: { transfers: { requested: true } } }));
    const asked = await stripe.accounts.updateCapability(id, 'card_payments', { requested: true });
    assert.deepEqual([asked.object, asked.requested, asked.status], ['capability', true, 'active']);
    const { data } = await stripe.accounts.listCapabilities(id);
    assert.deepEqual(data.map((capability) => capability.id).sort(), ['card_payments', 'transfers']);
  });
});
