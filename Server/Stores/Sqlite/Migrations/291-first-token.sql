-- The first token is one of the others, and a sign-in lives as long as the token that it names.
DELETE FROM session WHERE token_id = 0;
ALTER TABLE session DROP COLUMN token_check;
