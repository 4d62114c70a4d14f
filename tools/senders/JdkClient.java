import java.net.Authenticator;
import java.net.PasswordAuthentication;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;

public class JdkClient {
    public static void main(String[] args) throws Exception {
        String user = args[1], password = args[2];
        Authenticator authenticator = new Authenticator() {
            @Override
            protected PasswordAuthentication getPasswordAuthentication() {
                return new PasswordAuthentication(user, password.toCharArray());
            }
        };
        HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1)
            .authenticator(authenticator).build();
        HttpRequest request = HttpRequest.newBuilder(URI.create(args[0]))
            .header("Content-Type", "application/xml").expectContinue(args[4].equals("expect"))
            .POST(HttpRequest.BodyPublishers.ofFile(Path.of(args[3]))).build();
        try {
            System.out.println(client.send(request, HttpResponse.BodyHandlers.discarding()).statusCode());
        } catch (java.io.IOException error) {
            // After three tries it says "too many authentication attempts".
            boolean refused = String.valueOf(error.getMessage()).contains("authentication");
            System.out.println(refused ? "401" : error.toString().replace(' ', '_'));
        }
    }
}
