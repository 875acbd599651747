// node verify-license.mjs localhost:7443 certs-dev PURPOSE CODE receipt.bin
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import grpc from '@grpc/grpc-js';
import loader from '@grpc/proto-loader';

const [address, folder, purpose, code, receiptFile] = process.argv.slice(2);
const ours = process.env.EID_PROTOS ?? join(import.meta.dirname, '..', '..', 'protos');
const googles = dirname(createRequire(import.meta.url).resolve('google-proto-files/package.json'));
const types = loader.loadSync(['shanting/eid/v1/verification_service.proto', 'google/rpc/error_details.proto'],
  { includeDirs: [ours, googles], keepCase: true, longs: String, enums: String, defaults: true });
const read = (file) => readFileSync(join(folder, file));
const credentials = grpc.credentials.createSsl(read('tls-ca.crt'), read('tax-bureau.key'), read('tax-bureau.crt'));
const { VerificationService } = grpc.loadPackageDefinition(types).shanting.eid.v1;
const service = new VerificationService(address, credentials);

service.VerifyCode({ code, purpose, with_receipt: true }, { deadline: Date.now() + 2000 }, (error, answer) => {
  if (error) {
    // What cannot be worked on: decide by the reason, never by the text.
    const bytes = error.metadata.get('grpc-status-details-bin')[0];
    const details = bytes ? types['google.rpc.Status'].deserialize(bytes).details : [];
    const info = details.map((any) => [any.type_url.split('/').pop(), any.value]).find(([type]) => type === 'google.rpc.ErrorInfo');
    console.log('ERROR', info ? types['google.rpc.ErrorInfo'].deserialize(info[1]).reason : grpc.status[error.code]);
    process.exitCode = 1;
  } else {
    // What is wrong with a licence is an answer; VALID and nothing else is a yes.
    console.log(answer.verdict, answer.verdict === 'VALID' ? answer.license.enterprise.name : answer.explanation + answer.next_step);
    writeFileSync(receiptFile, answer.receipt, { flag: 'wx' });
  }
  service.close();
});
