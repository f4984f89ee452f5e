// One person for each way to look at a page, so that what one does is not in the way of another.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { WAYS } from './browser.mjs';

export const PASSWORD = 'correct horse battery staple';

/** What the person of a way signs in with; the way is named by its number. */
export const username = (number) => `person${number}`;

/** Their address, which is confirmed. */
export const address = (number) => `${username(number)}@example.com`;

/** Applies a resource file and these people, who hold the roles. */
export async function applyWithPeople(signet, resources, roles = []) {
  const people = WAYS.map(
    (_, number) => `
[[users]]
username = "${username(number)}"
password = "${PASSWORD}"
roles = ${JSON.stringify(roles)}
[users.profile]
name = "Person Number ${number}"
email = "${address(number)}"
email_verified = true
`,
  );
  const file = join(signet.folder, 'people.toml');
  await writeFile(file, resources + people.join(''));
  await signet.apply(file);
}
