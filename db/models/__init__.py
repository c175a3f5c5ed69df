"""One class per table, by area: people, weeks, chat, calendars, learning."""

from db.base import Base
from db.models.calendars import CalendarConnection, Feed, FeedToken
from db.models.chat import (
    ChannelPause,
    ChatAccount,
    Consent,
    InboxUpdate,
    LinkCode,
    Message,
    QuestionnaireDraft,
    Reminder,
    ReminderTime,
)
from db.models.learning import FamilyModel, MlModel
from db.models.people import (
    Adult,
    Child,
    ChildCommitment,
    CommitmentException,
    DayOff,
    Family,
    FamilyCommitment,
    Subject,
    User,
)
from db.models.weeks import (
    ActivityLog,
    LoopState,
    Schedule,
    ScheduleItem,
    UserFeedback,
    WeekChange,
)

__all__ = [
    "ActivityLog",
    "Adult",
    "Base",
    "CalendarConnection",
    "ChannelPause",
    "ChatAccount",
    "Child",
    "ChildCommitment",
    "CommitmentException",
    "Consent",
    "DayOff",
    "Family",
    "FamilyCommitment",
    "FamilyModel",
    "Feed",
    "FeedToken",
    "InboxUpdate",
    "LinkCode",
    "LoopState",
    "Message",
    "MlModel",
    "QuestionnaireDraft",
    "Reminder",
    "ReminderTime",
    "Schedule",
    "ScheduleItem",
    "Subject",
    "User",
    "UserFeedback",
    "WeekChange",
]
