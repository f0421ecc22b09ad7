import { expose } from 'comlink';
import { startBackend } from '../backends/startBackend';
import { createGenerateService } from '../generate/service';
import { createTrainService } from '../train/service';
import { createUnderstandService } from '../understand/service';
import type { ComputeApi } from './api';
import type { ServiceContext } from './context';
import { createQueue } from './queue';
import { loadedResources } from './resources';

performance.setResourceTimingBufferSize(1000);

const api: { -readonly [K in keyof ComputeApi]?: ComputeApi[K] } = {
  resources: loadedResources,
  async start(choice, onLoss) {
    const context: ServiceContext = { backend: await startBackend(choice, onLoss), exclusive: createQueue() };
    api.generate = createGenerateService(context);
    api.understand = createUnderstandService(context);
    api.train = createTrainService(context);
    return context.backend;
  },
};

expose(api);
