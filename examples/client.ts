// A client over a service that it knows by its contract alone, as it would know one across a network: node examples/client.ts
import { openClient, type Service } from 'sealed-qr/client';
import { openService } from 'sealed-qr/engine';

const local = openService({ evaluators: 1 });

// Stands for the network: everything that the client asks passes here, and is counted.
const asked = new Set<string>();
const service = new Proxy<Service>(local.role, {
  get(role, name: keyof Service) {
    asked.add(name);
    return Reflect.get(role, name) as unknown;
  },
});

const client = openClient(service);
const styling = client.styling();
try {
  const models = await client.models();
  console.log(`The service offers: ${models.map(({ id }) => id).join(', ')}`);
  const { report } = await styling.styleCode('https://example.org', { style: models[0].id });
  console.log(`Styled as ${report.style}; the service was asked: ${[...asked].join(', ')}`);
} finally {
  styling.close();
  client.close();
  local.terminate();
}
