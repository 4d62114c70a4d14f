import { readFileSync } from 'node:fs';
import http from 'node:http';
import { createRequire } from 'node:module';

const [how, url, user, password, file, expect] = process.argv.slice(2);
const body = readFileSync(file);
const headers = { 'Content-Type': 'application/xml' };
const basic = 'Basic ' + Buffer.from(`${user}:${password}`).toString('base64');
if (how === 'fetch') {
  const response = await fetch(url, { method: 'POST', body, headers: { ...headers, Authorization: basic } });
  console.log(response.status);
} else if (how === 'axios') {
  if (expect === 'expect') headers.Expect = '100-continue';
  const axios = createRequire(process.env.SENDERS_WORK + '/')('axios');
  const limits = { maxBodyLength: Infinity, maxContentLength: Infinity };
  const auth = { username: user, password };
  const response = await axios.post(url, body, { headers, auth, ...limits, validateStatus: () => true });
  console.log(response.status);
} else {
  headers.Authorization = basic;
  headers['Content-Length'] = body.length;
  if (expect === 'expect') headers.Expect = '100-continue';
  const request = http.request(url, { method: 'POST', headers }, (response) => {
    console.log(response.statusCode);
    response.resume();
  });
  if (expect === 'expect') request.on('continue', () => request.end(body));
  else request.end(body);
  if (expect === 'expect') request.flushHeaders();
}
