import java.net.Authenticator;
import java.net.HttpURLConnection;
import java.net.PasswordAuthentication;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;

public class JdkConnection {
    public static void main(String[] args) throws Exception {
        String user = args[1], password = args[2];
        Authenticator.setDefault(new Authenticator() {
            @Override
            protected PasswordAuthentication getPasswordAuthentication() {
                return new PasswordAuthentication(user, password.toCharArray());
            }
        });
        HttpURLConnection connection = (HttpURLConnection) URI.create(args[0]).toURL().openConnection();
        connection.setDoOutput(true);
        connection.setRequestProperty("Content-Type", "application/xml");
        if (args[4].equals("expect")) {
            connection.setRequestProperty("Expect", "100-continue");
        }
        connection.getOutputStream().write(Files.readAllBytes(Path.of(args[3])));
        try {
            System.out.println(connection.getResponseCode());
        } catch (java.net.ProtocolException error) {
            // With wrong credentials it tries 20 times and then gives up so.
            boolean refused = error.getMessage().contains("redirected too many");
            System.out.println(refused ? "401" : error.toString().replace(' ', '_'));
        }
    }
}
