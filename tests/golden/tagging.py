"""A tagger in PyTorch, for generate.py and exchange.py: words, their characters, and a conditional
random field over the tags."""

import torch
from torch import nn


class Characters(nn.Module):
    """The final states, in both directions, of an LSTM over a word's characters."""

    def __init__(self, characters, embedding, hidden):
        super().__init__()
        self.emb = nn.Embedding(characters, embedding)
        self.rnn = nn.LSTM(embedding, hidden, batch_first=True, bidirectional=True)

    def forward(self, word):
        _, (h_n, _) = self.rnn(self.emb(word).unsqueeze(0))
        return torch.cat((h_n[0, 0], h_n[1, 0]))


class Crf(nn.Module):
    """A linear-chain conditional random field over one sentence."""

    def __init__(self, tags):
        super().__init__()
        self.start_transitions = nn.Parameter(torch.empty(tags))
        self.transitions = nn.Parameter(torch.empty(tags, tags))
        self.end_transitions = nn.Parameter(torch.empty(tags))

    def log_likelihood(self, logits, tags):
        score = self.start_transitions[tags[0]] + logits[range(len(tags)), tags].sum()
        score = score + self.transitions[tags[:-1], tags[1:]].sum() + self.end_transitions[tags[-1]]
        sums = self.start_transitions + logits[0]
        for word in logits[1:]:
            sums = torch.logsumexp(sums[:, None] + self.transitions, 0) + word
        return score - torch.logsumexp(sums + self.end_transitions, 0)

    def best(self, logits):
        """The most probable tags of a sentence."""
        scores, before = self.start_transitions + logits[0], []
        for word in logits[1:]:
            scores, places = (scores[:, None] + self.transitions).max(0)
            scores = scores + word
            before.append(places)
        path = [(scores + self.end_transitions).argmax().item()]
        for places in reversed(before):
            path.append(places[path[-1]].item())
        return path[::-1]


class Tagger(nn.Module):
    """Embeddings beside what is read of characters, an LSTM in both directions, a linear layer."""

    def __init__(self, words, tags, embedding, hidden, characters=None, crf=False, **options):
        super().__init__()
        self.emb = nn.Embedding(words, embedding)
        features = embedding
        if characters:
            self.chars = Characters(*characters)
            features += 2 * characters[2]
        self.rnn = nn.LSTM(features, hidden, batch_first=True, bidirectional=True, **options)
        self.fc = nn.Linear(2 * hidden, tags)
        if crf:
            self.crf = Crf(tags)

    def forward(self, words, spelling):
        """The logits of a sentence: `words` are ids, `spelling` the ids of each one's characters."""
        vectors = self.emb(words)
        if hasattr(self, "chars"):
            vectors = torch.cat((vectors, torch.stack([self.chars(word) for word in spelling])), 1)
        return self.fc(self.rnn(vectors.unsqueeze(0))[0][0])

    def loss(self, sentences):
        """The mean over words; a sentence is its words, their spelling and their tags."""
        total = 0
        for words, spelling, tags in sentences:
            logits = self(words, spelling)
            if hasattr(self, "crf"):
                total = total - self.crf.log_likelihood(logits, tags)
            else:
                total = total + nn.functional.cross_entropy(logits, tags, reduction="sum")
        return total / sum(len(tags) for _, _, tags in sentences)

    def tag(self, words, spelling):
        """The ids of a sentence's tags."""
        with torch.no_grad():
            logits = self(words, spelling)
            return self.crf.best(logits) if hasattr(self, "crf") else logits.argmax(1).tolist()
