"""The questionnaire with its real outside knowledge, and a parent who plays it."""

import pytest
from transcript import Chat

from bot.conversations.flow import Flow
from bot.questionnaire import questionnaire


@pytest.fixture(scope="session")
def flow() -> Flow:
    return questionnaire()


@pytest.fixture
def chat(flow: Flow) -> Chat:
    return Chat(flow)
