"""A language model in PyTorch, for generate.py and exchange.py."""

import torch
from torch import nn


class LanguageModel(nn.Module):
    """Embedding or one-hot vectors, recurrent network, linear layer, whose weight may be the
    embedding's."""

    def __init__(self, kind, tokens, embedding, hidden, tied=False, dropout=0.0, **options):
        super().__init__()
        self.tokens = tokens
        if embedding:
            self.emb = nn.Embedding(tokens, embedding)
        options |= {"batch_first": True, "dropout": dropout}
        self.rnn = getattr(nn, kind)(embedding or tokens, hidden, **options)
        self.drop = nn.Dropout(dropout)
        self.fc = nn.Linear(options.get("proj_size") or hidden, tokens)
        if tied:
            self.fc.weight = self.emb.weight

    def forward(self, ids, state=None):
        one_hot = nn.functional.one_hot
        vectors = self.emb(ids) if hasattr(self, "emb") else one_hot(ids, self.tokens).float()
        output, state = self.rnn(self.drop(vectors), state)
        return self.fc(self.drop(output)), state

    def nats(self, ids, window=None):
        """The mean loss of each id but the first; the state starts anew after every `window`."""
        inputs, targets = ids[:-1], ids[1:]
        window = window or len(inputs)
        with torch.no_grad():
            logits = [self(part.unsqueeze(0))[0][0] for part in inputs.split(window)]
        return nn.functional.cross_entropy(torch.cat(logits), targets).item()

    def continues(self, ids, count):
        """The most probable ids after `ids`, one after the other; 0 stands for unknown ones."""
        state, found = None, []
        with torch.no_grad():
            for _ in range(count):
                logits, state = self(torch.tensor([ids]), state)
                ids = [1 + logits[0, -1, 1:].argmax().item()]
                found += ids
        return found
