import { expose } from 'comlink';
import { startBackend } from '../backends/startBackend';
import { createGenerateService } from '../generate/service';
import { createTrainService } from '../train/service';
import { createUnderstandService } from '../understand/service';
import type { ComputeApi } from './api';
import type { ServiceContext } from './context';
import { createQueue } from './queue';

const api: { -readonly [K in keyof ComputeApi]?: ComputeApi[K] } = {
  async start(choice, onLoss) {
    const context: ServiceContext = { backend: await startBackend(choice, onLoss), exclusive: createQueue() };
    api.generate = createGenerateService(context);
    api.understand = createUnderstandService(context);
    api.train = createTrainService(context);
    return context.backend;
  },
};

expose(api);
