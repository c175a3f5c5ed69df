"""What typed texts say of words, names, numbers, days, dates, times and lengths, in English and
Spanish alike.

A `take_…` function gives what it found first and the rest of the text, so that what remains in the
end is a name.
"""
