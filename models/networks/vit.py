"""Vision transformers: a picture as a sequence of patches, of which each attends to all.

Source: H. Touvron et al., "Training data-efficient image transformers & distillation through attention", ICML 2021,
Table 1 (DeiT-Ti, without the token that distillation adds), which is the network of A. Dosovitskiy et al., "An Image is
Worth 16x16 Words", ICLR 2021, made smaller. Dropout is left out: it does nothing in inference.

Input [N, 3, 224, 224], output [N, classes].
"""

import torch
from torch import nn

PATCH = 16
SIDE = 224 // PATCH  # patches in a row


class Tokens(nn.Module):
    """[N, 3, 224, 224] → [N, 197, width]: the class token and the patches, each with the embedding of its place."""

    def __init__(self, width):
        super().__init__()
        self.patches = nn.Conv2d(3, width, PATCH, PATCH)
        self.first = nn.Parameter(torch.zeros(1, 1, width))
        self.places = nn.Parameter(torch.zeros(1, SIDE * SIDE + 1, width))

    def forward(self, x):
        patches = self.patches(x).reshape(x.shape[0], -1, SIDE * SIDE).transpose(1, 2)
        return torch.cat([self.first.repeat(x.shape[0], 1, 1), patches], 1) + self.places


class Attention(nn.Module):
    """Each token as a mean of all, weighted by how well its query fits their keys, in every head by itself."""

    def __init__(self, width, heads):
        super().__init__()
        self.width = width
        self.heads = heads
        self.scale = (width // heads) ** -0.5
        self.projections = nn.Linear(width, 3 * width)
        self.joined = nn.Linear(width, width)

    def forward(self, x):
        query, key, value = [self._split(part) for part in self.projections(x).split(self.width, -1)]
        weights = (query * self.scale @ key.transpose(2, 3)).softmax(-1)
        return self.joined((weights @ value).transpose(1, 2).reshape(x.shape[0], -1, self.width))

    def _split(self, x):
        """[N, tokens, width] → [N, heads, tokens, width / heads]."""
        return x.reshape(x.shape[0], -1, self.heads, self.width // self.heads).transpose(1, 2)


class Block(nn.Module):
    """x plus its attention, and that plus two layers on each token, both behind a layer norm."""

    def __init__(self, width, heads):
        super().__init__()
        self.attention = nn.Sequential(nn.LayerNorm(width, eps=1e-6), Attention(width, heads))
        self.layers = nn.Sequential(
            nn.LayerNorm(width, eps=1e-6), nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width)
        )

    def forward(self, x):
        x = x + self.attention(x)
        return x + self.layers(x)


class FirstToken(nn.Module):
    """[N, tokens, width] → [N, width]."""

    def forward(self, x):
        return x[:, 0]


def vit(width, depth, heads, classes=1000):
    """The network; of width 192, depth 12 and 3 heads it has 5,717,416 parameters with 1000 classes."""
    return nn.Sequential(
        Tokens(width),
        *[Block(width, heads) for _ in range(depth)],
        nn.LayerNorm(width, eps=1e-6),
        FirstToken(),
        nn.Linear(width, classes),
    )
